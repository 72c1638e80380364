package health_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"systemg/supervisor/health"
)

// A run is watched, and its tally kept by whoever owns its state. Every report
// is stepped into the tally; the owner's timer calls Expire at its Deadline.
func Example() {
	var asked atomic.Int32
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			http.Error(w, "still loading", http.StatusServiceUnavailable)
		}
	}))
	defer service.Close()

	probe := health.URL{URL: service.URL}
	tally := health.Begin(health.Policy{Retries: 3, Timeout: 30 * time.Second}, probe.Awaits(), time.Now())

	ctx, cancel := context.WithCancel(context.Background())
	spec := health.Spec{Probe: probe, Interval: 2 * time.Second, AttemptTimeout: 5 * time.Second}
	health.Watch(ctx, spec, func(n health.News) {
		tally = tally.Hear(n)
		fmt.Println(tally.Health, strings.ReplaceAll(tally.Reason(), service.URL, "http://…"))
		if tally.Ready {
			cancel()
		}
	})
	// Output:
	// waiting GET http://…: 503 Service Unavailable: still loading
	// waiting GET http://…: 503 Service Unavailable: still loading
	// healthy
}
