package store

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestAJournalThatMayNotBeOpenedIsMovedAside(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, segmentName(7))
	if err := os.WriteFile(path, []byte("{\"seq\":9}\n"), 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Root may open anything; this thread is nobody to the disk.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_ = syscall.Setfsuid(65534)
		defer func() { _ = syscall.Setfsuid(0) }()
	}
	s := segments{dir: dir}
	seq, err := s.recover()
	if err != nil || seq <= 9 || !strings.Contains(s.moved, "permission denied; moved it to ") {
		t.Errorf("goes on from %d, said %q (%v)", seq, s.moved, err)
	}
	if left, err := filepath.Glob(path + ".corrupt-*"); err != nil || len(left) != 1 {
		t.Errorf("moved to %q (%v)", left, err)
	}
}
