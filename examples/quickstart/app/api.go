package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// api serves the data set: GET /next gives one city after the other.
func api(ctx context.Context) error {
	data, err := os.ReadFile(os.Getenv("DATA"))
	if err != nil {
		return err
	}
	var cities []city
	if err := json.Unmarshal(data, &cities); err != nil {
		return err
	}
	var served atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /next", func(w http.ResponseWriter, _ *http.Request) {
		n := served.Add(1)
		one := cities[int(n)%len(cities)]
		fmt.Printf("request %d: %s\n", n, one.Name)
		if err := json.NewEncoder(w).Encode(one); err != nil {
			fmt.Fprintln(os.Stderr, "the client left:", err)
		}
	})
	listener, err := net.Listen("tcp", address())
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		fmt.Println("ending")
		_ = server.Close()
	}()
	fmt.Println("serving on", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
