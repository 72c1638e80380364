package hooks

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"systemg/supervisor/store"
)

// The test binary is its own victim: with HOOKS_TEST_DIR set it owes webhooks
// until it is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("HOOKS_TEST_DIR"); dir != "" {
		owe(dir, os.Getenv("HOOKS_TEST_URL"))
	}
	os.Exit(m.Run())
}

const owedByVictim = 20

func owe(dir, url string) {
	box, _, err := store.OpenOutbox(dir, store.OutboxLimits{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	r := New(Options{Run: noCommands, Outbox: box})
	for n := range uint64(owedByVictim) {
		r.Fire(notice(web("web", hook(fmt.Sprint(url, "/", n), 5)), n))
	}
	select {}
}

// What was owed when the process was killed with -9 is delivered by the next
// one, each with the id of the attempt before.
func TestKilled(t *testing.T) {
	var mu sync.Mutex
	var up atomic.Bool
	first, second := map[string]string{}, map[string]string{}
	all := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if up.Load() {
			second[r.URL.Path] = r.Header.Get(DeliveryHeader)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		first[r.URL.Path] = r.Header.Get(DeliveryHeader)
		if len(first) == owedByVictim {
			close(all)
		}
	}))
	defer server.Close()

	dir := t.TempDir()
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), "HOOKS_TEST_DIR="+dir, "HOOKS_TEST_URL="+server.URL)
	victim.Stderr = os.Stderr
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-all:
	case <-time.After(patience):
		t.Error("not everything was tried")
	}
	_ = victim.Process.Kill()
	_ = victim.Wait()

	up.Store(true)
	e := newEars()
	runner(t, Options{Run: noCommands, Outbox: outbox(t, dir, store.OutboxLimits{})}, e)
	for range owedByVictim {
		if r := <-e.ended; r.Err != nil {
			t.Error(r)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for path, id := range first {
		if second[path] != id || id == "" {
			t.Errorf("%s: first %q, then %q", path, id, second[path])
		}
	}
}
