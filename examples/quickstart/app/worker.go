package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// worker asks the api for a city every second and sums up. A service that
// cannot go on ends with an error and leaves the rest to its supervisor.
func worker(ctx context.Context) error {
	client := &http.Client{Timeout: 5 * time.Second}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for total := 0; ; {
		one, err := next(ctx, client)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		total += one.People
		fmt.Printf("%s: %d people so far\n", one.Name, total)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func next(ctx context.Context, client *http.Client) (city, error) {
	var one city
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address()+"/next", nil)
	if err != nil {
		return one, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return one, err
	}
	defer answer.Body.Close()
	return one, json.NewDecoder(answer.Body).Decode(&one)
}
