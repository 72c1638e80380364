package store

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The test binary is its own helper: with STORE_TEST_ACT set it does that one
// thing in a process of its own and ends.
func TestMain(m *testing.M) {
	act, ok := acts[os.Getenv("STORE_TEST_ACT")]
	if !ok {
		os.Exit(m.Run())
	}
	if err := act(os.Getenv("STORE_TEST_DIR")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var acts = map[string]func(dir string) error{
	"hold":  actHold,
	"write": actWrite,
}

// actHold locks the directory, says so, and keeps it until its stdin ends.
func actHold(dir string) error {
	d, err := Open(at(dir))
	if err != nil {
		return err
	}
	if err := d.Lock(); err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// actWrite writes one file of every sort under the umask it is told.
func actWrite(dir string) error {
	umask, err := strconv.ParseInt(os.Getenv("STORE_TEST_UMASK"), 8, 32)
	if err != nil {
		return err
	}
	syscall.Umask(int(umask))
	d, err := Open(at(dir + "/a/b/state"))
	if err != nil {
		return err
	}
	if err := d.Lock(); err != nil {
		return err
	}
	s := NewSaver(d, nil)
	s.Save(State{BootID: "b"})
	if err := s.Close(); err != nil {
		return err
	}
	// Twice, because what the first leaves must not stop the second.
	for range 2 {
		if err := d.SetHint(Hint{Last: "/x"}); err != nil {
			return err
		}
	}
	j, err := OpenJournal(d.Paths().Events(), 0, 0)
	if err != nil {
		return err
	}
	j.Append(Event{Type: "supervisor"})
	return j.Close()
}

func at(dir string) Paths {
	return Paths{State: dir, Logs: dir + "/logs", Runtime: dir}
}

// helper is the command that performs an act on dir, as an ordinary user when
// the tests run as root: for root no permission is ever missing.
func helper(t *testing.T, act, dir string, env ...string) *exec.Cmd {
	t.Helper()
	binary := "/proc/self/exe"
	if _, err := os.Stat(binary); err != nil {
		binary = os.Args[0]
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append([]string{"STORE_TEST_ACT=" + act, "STORE_TEST_DIR=" + dir}, env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// begin starts a helper and waits for the line it says.
func begin(t *testing.T, cmd *exec.Cmd, want string) (stdin io.WriteCloser) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if strings.TrimSpace(line) != want {
		t.Fatalf("helper said %q (%v), want %q", line, err, want)
	}
	return stdin
}

// open is a Dir in a folder of the test's own.
func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(at(t.TempDir() + "/state"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// needs skips a test that this machine cannot run, with the reason; with
// SYSG_TEST_REQUIRE=all that is a failure.
func needs(t *testing.T, ok bool, reason string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv("SYSG_TEST_REQUIRE") == "all":
		t.Fatal(reason)
	default:
		t.Skip(reason)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
