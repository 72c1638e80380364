package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"systemg/ipc"
)

// Numbers of a siege: more processes than a server has places.
const (
	besiegers = 340
	workers   = 8
	answered  = 20
)

// worker is a client that reads what it asked for.
type worker struct {
	lines atomic.Int64
	ended chan error
}

// worker follows the log of a unit until the test ends.
func (h *house) worker(ctx context.Context, unit string) *worker {
	h.Helper()
	c, err := ipc.Dial(ctx, filepath.Join(h.state, "control.sock"), "worker")
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = c.Close() })
	w := &worker{ended: make(chan error, 1)}
	go func() {
		p := ipc.LogsParams{Selection: ipc.Selection{Units: []string{unit}}, Follow: true}
		w.ended <- c.Stream(ctx, ipc.MethodLogs, p, func(string, json.RawMessage) error {
			w.lines.Add(1)
			return nil
		}, nil)
	}()
	return w
}

// Processes that never read, or never say a word, each with one connection and
// more of them than there are places, lock nobody out; and who works with a
// connection keeps it.
func TestASiege(t *testing.T) {
	long(t, "8 s")
	h := newHouse(t, `version: "1"
project: fair
services:
  a: {command: 'while :; do echo hello; sleep 0.05; done'}
  b: {command: 'while :; do echo hello; sleep 0.05; done'}
`)
	h.start()
	pid := h.status().Supervisor.PID
	alone, before := h.asked(), resident(t, pid)
	var working []*worker
	for range workers {
		working = append(working, h.worker(t.Context(), "a"))
	}
	for i := range besiegers {
		role := "stuck"
		if i%4 == 3 {
			role = "mute"
		}
		said, leave := h.visitors(role)
		defer leave()
		if !said.Scan() {
			t.Fatalf("besieger %d never came", i)
		}
	}
	besieged, peak := h.asked(), resident(t, pid)
	for range answered {
		if out, code := h.try("status"); code != 0 {
			t.Errorf("status: exit %d\n%s", code, out)
		}
	}
	for i, w := range working {
		// Lines come 20 times a second.
		had := w.lines.Load()
		for deadline := time.Now().Add(patience); w.lines.Load() == had && time.Now().Before(deadline); {
			h.try("status")
		}
		select {
		case err := <-w.ended:
			t.Errorf("worker %d lost its place: %v", i, err)
		default:
		}
		if w.lines.Load() == had {
			t.Errorf("worker %d gets nothing any more", i)
		}
	}
	t.Logf("status alone: median %v, p99 %v; beside %d processes that never read: median %v, p99 %v",
		percentile(alone, 50), percentile(alone, 99), besiegers, percentile(besieged, 50), percentile(besieged, 99))
	t.Logf("memory of its own: %d KiB before, %d KiB besieged", before, peak)
	// Ten times what it is on a quiet machine, for busy ones.
	if p99 := percentile(besieged, 99); p99 > 500*time.Millisecond {
		t.Errorf("a status takes %v", p99)
	}
}
