package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// quiet is how long a connection that is kept open may stay without a
	// request once the server is leaving. A client that is faster learns
	// from the answer that it has to go; one that is slower finds its
	// connection closed, as after any pause.
	quiet = 5 * time.Second
	// patience is how long requests that are under way may take after it.
	patience = 3 * time.Second
)

// server knows its open connections and whether it is leaving.
type server struct {
	leaving atomic.Bool
	mu      sync.Mutex
	open    int
	// refusing is whether nothing new is accepted, so that no more can come.
	refusing bool
	// empty is closed once no connection is open and no more can come.
	empty chan struct{}
}

// serve answers until ctx ends, and then until nobody waits for an answer.
func serve(ctx context.Context) error {
	listener, err := listen()
	if err != nil {
		return err
	}
	s := &server{empty: make(chan struct{})}
	h := &http.Server{Handler: s.polite(routes()), ConnState: s.count, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- h.Serve(listener) }()
	// From here on clients are queued by the kernel if by nobody else.
	if err := notify("READY=1\nSTATUS=serving version " + version); err != nil {
		return err
	}
	fmt.Printf("version %s serves on %s\n", version, listener.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	return s.leave(h, func() {
		_ = listener.Close()
		// Only now is it certain that nothing more is accepted. That it
		// ended by this is its error, and none.
		err := <-served
		if !errors.Is(err, net.ErrClosed) {
			fmt.Fprintln(os.Stderr, "app:", err)
		}
	})
}

// leave ends the server: first nothing new is accepted, then each connection
// ends with its next answer. Shutdown of net/http alone would not do: it closes
// idle connections at once, also one on which a request is on its way.
func (s *server) leave(h *http.Server, refuse func()) error {
	if err := notify("STOPPING=1"); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
	}
	s.leaving.Store(true)
	// Who is in the queue of the shared socket is taken by the next instance.
	refuse()
	s.mu.Lock()
	s.refusing = true
	if s.open == 0 {
		close(s.empty)
	}
	s.mu.Unlock()
	began := time.Now()
	select {
	case <-s.empty:
	case <-time.After(quiet):
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := h.Shutdown(ctx)
	fmt.Printf("left after %s\n", time.Since(began).Round(time.Millisecond))
	return err
}

// polite has the last answer on each connection say that it is the last.
func (s *server) polite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// count keeps the number of open connections.
func (s *server) count(_ net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open++
	case http.StateClosed, http.StateHijacked:
		s.open--
		if s.open == 0 && s.refusing {
			close(s.empty)
		}
	case http.StateActive, http.StateIdle:
	}
}
