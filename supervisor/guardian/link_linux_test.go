package guardian

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A supervisor that becomes the guardian goes through the pipes that there are
// while its units' starts still make new ones. Whoever waits for a reader of the
// first pipe comes through in the midst of that, by no lock or channel that the
// race detector could take for an order of the two.
func TestAPipeIsOpenedWhileTheSupervisorBecomesTheGuardian(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	for _, path := range []string{first, second} {
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &Link{keep: -1, wake: make(chan struct{}, 1), pipes: map[string]bool{}, held: map[string]int{}}
	l.Pipe(first, true)
	opened := make(chan error)
	go func() {
		f, err := os.OpenFile(first, os.O_WRONLY, 0)
		if err == nil {
			l.Pipe(second, true)
			err = f.Close()
		}
		opened <- err
	}()
	m := l.successor("log", "note")
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if _, held := m.Pipes[first]; !held || len(m.Pipes) != 1 {
		t.Errorf("the next guardian holds %v, want the first pipe alone", m.Pipes)
	}
	closeAll(m.files())
}
