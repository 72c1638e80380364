package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// until asks again and again until the answer is right: each asking is a
// process, or a look at what another one does.
func (h *house) until(what string, right func() bool) {
	h.Helper()
	for end := time.Now().Add(patience); !right(); {
		if time.Now().After(end) {
			h.Fatalf("never: %s\n%s", what, h.run("logs", "-k", "supervisor", "-n", "50"))
		}
	}
}

// A supervisor whose directory is removed under way makes it again, with what
// it knows, and answers; there is never a second one, nor a second service.
func TestTheStateDirectoryIsRemovedUnderWay(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(h *house) error{
		"removed": func(h *house) error {
			// The supervisor may be faster than the removal.
			err := os.RemoveAll(h.state)
			for errors.Is(err, syscall.ENOTEMPTY) {
				err = os.RemoveAll(h.state)
			}
			return err
		},
		"moved away":     func(h *house) error { return os.Rename(h.state, h.state+".old") },
		"its socket":     func(h *house) error { return os.Remove(filepath.Join(h.state, "control.sock")) },
		"its state file": func(h *house) error { return os.Remove(filepath.Join(h.state, "state.json")) },
		"everything in it": func(h *house) error {
			list, err := filepath.Glob(filepath.Join(h.state, "*"))
			for _, path := range list {
				err = os.RemoveAll(path)
			}
			return err
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			h := newHouse(t, "version: \"1\"\nproject: shop\nservices:\n  web: {command: 'while :; do echo I serve; sleep 0.1; done'}\n")
			h.start()
			before, web := h.status().Supervisor.PID, h.unit("web").PID
			if err := remove(h); err != nil {
				t.Fatal(err)
			}
			h.until("everything has its place", func() bool {
				for _, file := range []string{"control.sock", "state.json", "sysg.pid", "config_hint"} {
					if _, err := os.Lstat(filepath.Join(h.state, file)); err != nil {
						return false
					}
				}
				_, code := h.try("status")
				return code == 0
			})
			h.start()
			if s := h.status(); s.Supervisor.PID != before {
				t.Errorf("the supervisor was %d and is %d", before, s.Supervisor.PID)
			}
			if u := h.unit("web"); u.PID != web {
				t.Errorf("web was %d and is %d", web, u.PID)
			}
			h.until("its output is kept", func() bool {
				out, _ := h.try("logs", "web", "-n", "1")
				return strings.Contains(out, "I serve")
			})
			if !strings.Contains(h.run("events", "-n", "50"), "made again") && !strings.HasPrefix(name, "its ") {
				t.Error("the journal says nothing of it")
			}
			h.run("stop")
		})
	}
}
