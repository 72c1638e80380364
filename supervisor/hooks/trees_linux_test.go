package hooks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/proc"
)

// trees are Trees over real processes.
func trees(t *testing.T, output func(*config.Unit, uint64) (*os.File, *os.File, error)) *Trees {
	t.Helper()
	var ts *Trees
	ready := make(chan struct{})
	host, err := proc.NewHost(proc.Options{Name: fmt.Sprintf("hooks-%d", os.Getpid()), Notify: func(e proc.Event) {
		<-ready
		if !ts.Notify(e) {
			t.Errorf("a stranger: %+v", e)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ts = NewTrees(host, output)
	close(ready)
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	return ts
}

// A command runs in the unit's folder and environment, writes where the unit
// does, and its status is its shell's.
func TestTree(t *testing.T) {
	dir := t.TempDir()
	ts := trees(t, func(*config.Unit, uint64) (*os.File, *os.File, error) {
		out, err := os.OpenFile(filepath.Join(dir, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, err
		}
		both, err := os.OpenFile(filepath.Join(dir, "out"), os.O_APPEND|os.O_WRONLY, 0o600)
		return out, both, err
	})
	def := web("web")
	def.Dir = dir
	exit, err := ts.Run(t.Context(), Command{Def: def, Line: `pwd; echo "$WORD" >&2; exit 3`, Env: []string{"PATH=/bin:/usr/bin", "WORD=hello"}})
	if err != nil || exit.OK || exit.Code != 3 || exit.Text != "exit 3" {
		t.Errorf("%+v %v", exit, err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "out")); string(got) != dir+"\nhello\n" {
		t.Errorf("wrote %q", got)
	}
}

// When its time is over the whole tree goes, also what has a session of its
// own: it holds the pipe, and the pipe ends.
func TestTreeIsKilled(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ts := trees(t, func(*config.Unit, uint64) (*os.File, *os.File, error) {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		return w, null, err
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := make(chan struct{})
	go func() {
		// The first line says that the daemon is there.
		buffer := make([]byte, 8)
		_, _ = r.Read(buffer)
		close(started)
	}()
	go func() {
		<-started
		cancel()
	}()
	_, err = ts.Run(ctx, Command{Def: web("web"), Line: `setsid sh -c 'trap "" TERM; echo up; sleep 1000 & wait'`, Env: []string{"PATH=/bin:/usr/bin"}})
	if err != nil {
		t.Error(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 8)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("somebody lives: %d %v", n, err)
	}
}

// What cannot be started is told, and nothing is waited for.
func TestTreeThatCannotStart(t *testing.T) {
	ts := trees(t, func(*config.Unit, uint64) (*os.File, *os.File, error) { return nil, nil, unix.ENOSPC })
	def := web("web")
	def.Dir = "/does/not/exist"
	_, err := ts.Run(t.Context(), Command{Def: def, Line: "true"})
	if err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("told %v", err)
	}
	if len(ts.waiting) != 0 {
		t.Error("it is still waited for")
	}
}
