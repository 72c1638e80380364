package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOpenRefusesInWords(t *testing.T) {
	base := t.TempDir()
	write(t, base+"/file", "")
	_, err := Open(at(base + "/file"))
	want := "cannot use the directory " + base + "/file: it is not a directory"
	if err == nil || err.Error() != want {
		t.Errorf("a file: %v, want %s", err, want)
	}
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Try(), "SYSG_STATE_DIR") {
		t.Errorf("no cure in %#v", err)
	}
	if _, err = Open(at(base + "/file/below")); err == nil || !strings.HasSuffix(err.Error(), "not a directory") {
		t.Errorf("below a file: %v", err)
	}
}

func TestOpenRefusesADirectoryOfSomebodyElse(t *testing.T) {
	needs(t, os.Geteuid() == 0, "only root can make a directory of somebody else's")
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	_, err := Open(at(dir))
	if err == nil || !strings.Contains(err.Error(), "belongs to uid 65534 and this is uid 0") {
		t.Errorf("got %v", err)
	}
}

func TestOpenNarrowsPermissions(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(at(dir)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, want 0700", info.Mode().Perm())
	}
}

// Root with SYSG_STATE_DIR=/tmp must not close /tmp to everybody.
func TestOpenLeavesSharedDirectoriesAlone(t *testing.T) {
	tests := []struct {
		name, holds string
		mode        fs.FileMode
		refused     bool
	}{
		{name: "sticky and used", holds: "x", mode: 0o777 | fs.ModeSticky, refused: true},
		{name: "sticky and empty", mode: 0o777 | fs.ModeSticky},
		{name: "sticky and ours", holds: "state.json", mode: 0o777 | fs.ModeSticky},
		{name: "used", holds: "x", mode: 0o755},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.holds != "" {
				write(t, dir+"/"+test.holds, "")
			}
			if err := os.Chmod(dir, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Open(at(dir))
			if (err != nil) != test.refused {
				t.Errorf("got %v", err)
			}
			info, err := os.Stat(dir)
			if err != nil {
				t.Fatal(err)
			}
			if narrowed := info.Mode().Perm() == 0o700; narrowed == test.refused {
				t.Errorf("mode is now %v", info.Mode())
			}
		})
	}
	info, err := os.Stat("/")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/", "/usr"} {
		if !foreign(dir, info) {
			t.Errorf("%s would be narrowed", dir)
		}
	}
}

// Whatever the umask, and for an ordinary user: all directories 0700, all
// files 0600, and a second write over what the first left.
func TestModesWhateverTheUmask(t *testing.T) {
	for _, umask := range []string{"0", "0777", "0077"} {
		t.Run(umask, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "store-umask-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			cmd := helper(t, "write", dir, "STORE_TEST_UMASK="+umask)
			if os.Geteuid() == 0 {
				if err := os.Chown(dir, 65534, 65534); err != nil {
					t.Fatal(err)
				}
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			files := 0
			err = filepath.WalkDir(dir+"/a", func(path string, e fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := e.Info()
				if err != nil {
					return err
				}
				want := fs.FileMode(0o600)
				if e.IsDir() {
					want = 0o700
				} else {
					files++
				}
				if info.Mode().Perm() != want {
					t.Errorf("%s: %v, want %v", path, info.Mode().Perm(), want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if files != 4 {
				t.Errorf("%d files, want sysg.pid, state.json, config_hint and a journal", files)
			}
		})
	}
}

func TestOneOwner(t *testing.T) {
	d := open(t)
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	other, err := Open(d.Paths())
	if err != nil {
		t.Fatal(err)
	}
	// Removing the pid file is what people do to a "stale" supervisor.
	for _, remove := range []bool{false, true} {
		want := os.Getpid()
		if remove {
			want = 0
			if err := os.Remove(d.Paths().PidFile()); err != nil {
				t.Fatal(err)
			}
		}
		var locked *ErrLocked
		if err := other.Lock(); !errors.As(err, &locked) || locked.PID != want {
			t.Errorf("second lock: %v, want *ErrLocked with pid %d", err, want)
		}
	}
	if err := d.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := other.Lock(); err != nil {
		t.Errorf("after the unlock: %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Error(err)
	}
}

// A supervisor that was killed leaves its pid file and its socket; the next
// one needs nobody to clean them.
func TestLockEndsWithItsHolder(t *testing.T) {
	d := open(t)
	cmd := helper(t, "hold", d.Paths().State)
	begin(t, cmd, "held")
	var locked *ErrLocked
	if err := d.Lock(); !errors.As(err, &locked) || locked.PID != cmd.Process.Pid {
		t.Fatalf("while pid %d holds it: %v", cmd.Process.Pid, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: the error is the point
	if _, err := os.Stat(d.Paths().PidFile()); err != nil {
		t.Errorf("the killed holder should have left its pid file: %v", err)
	}
	if err := d.Lock(); err != nil {
		t.Errorf("after the holder was killed: %v", err)
	}
	if got := readPID(d.Paths().PidFile()); got != os.Getpid() {
		t.Errorf("sysg.pid says %d, want %d", got, os.Getpid())
	}
}
