package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"
)

// The headers that say who answers.
const (
	headerRun  = "X-Run"
	headerSlot = "X-Slot"
)

// slowness is how long an answer of /slow takes.
const slowness = 200 * time.Millisecond

func routes() http.Handler {
	run, slot := os.Getenv("SYSG_RUN"), os.Getenv("PORT")
	text := fmt.Sprintf("version %s, run %s, pid %d\n", version, run, os.Getpid())
	answer := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(headerRun, run)
		w.Header().Set(headerSlot, slot)
		fmt.Fprint(w, text)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", answer)
	// One that takes its time, so that there is always something under way.
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(slowness):
			answer(w, r)
		case <-r.Context().Done():
		}
	})
	return mux
}

// ask is whether the server at the address is the one of the slot.
func ask(ctx context.Context, url, slot string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// Never by way of a proxy.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if got := answer.Header.Get(headerSlot); answer.StatusCode != http.StatusOK || got != slot {
		return fmt.Errorf("%s is answered by slot %q with %s, not by slot %q", url, got, answer.Status, slot)
	}
	return nil
}
