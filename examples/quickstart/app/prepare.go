package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// prepare writes the data set. It ends by itself: a one-shot.
func prepare(context.Context) error {
	cities := []city{{"Lagos", 15_946_000}, {"Lima", 11_204_000}, {"Osaka", 18_967_000}, {"Riga", 605_000}}
	data, err := json.MarshalIndent(cities, "", "  ")
	if err != nil {
		return err
	}
	path := os.Getenv("DATA")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	fmt.Printf("wrote %d cities to %s\n", len(cities), path)
	return nil
}
