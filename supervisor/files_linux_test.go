package supervisor

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/logs"
	"systemg/supervisor/store"
)

// outputs are those of a supervisor that has just begun, with one unit whose
// run 3 an earlier supervisor started: what that wrote is still in its pipe.
func outputs(t *testing.T) (*Files, *config.Unit, store.Paths) {
	t.Helper()
	dir := t.TempDir()
	p := store.Paths{State: dir, Logs: filepath.Join(dir, "logs"), Runtime: dir}
	m, err := logs.NewMover(logs.MoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close(); _ = p.RemovePipes() })
	def := &config.Unit{Project: "p", Name: "web"}
	fifo := p.FIFO("p", "web", "stdout")
	if err := os.MkdirAll(filepath.Dir(fifo), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pipe.Close() })
	say(t, pipe, "three\n")
	f := NewFiles(m, p)
	f.Attach(def, []uint64{3})
	return f, def, p
}

func say(t *testing.T, to *os.File, text string) {
	t.Helper()
	if _, err := to.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// heard are the lines of a run once everything was moved.
func heard(t *testing.T, f *Files, p store.Paths, run uint64) []string {
	t.Helper()
	s, ok := f.Stream("p/web", "stdout")
	if !ok {
		t.Fatal("it has no stream")
	}
	if err := s.Drain(); err != nil {
		t.Fatal(err)
	}
	return logs.Tail(p.Log("p", "web", "stdout"), run, 10)
}

func TestOutputsAreTakenBackAfterTheAnswer(t *testing.T) {
	f, _, p := outputs(t)
	if _, err := os.Stat(p.Log("p", "web", "stdout")); err == nil {
		t.Error("something was moved before Resume")
	}
	f.Resume()
	if got := heard(t, f, p, 3); !slices.Equal(got, []string{"three"}) {
		t.Errorf("run 3 wrote %q", got)
	}
}

// A run that is started before Resume writes after the one before it, and what
// that one had written stays that one's, also after Resume.
func TestALaterRunFirstTakesBackTheOutputsOfTheOneBefore(t *testing.T) {
	f, def, p := outputs(t)
	out, errs, err := f.Open(def, 4, Anew)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	defer errs.Close()
	f.Resume()
	say(t, out, "four\n")
	for run, want := range map[uint64]string{3: "three", 4: "four"} {
		if got := heard(t, f, p, run); !slices.Equal(got, []string{want}) {
			t.Errorf("run %d wrote %q, want %q", run, got, want)
		}
	}
}
