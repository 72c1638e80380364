package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// queryTime is how long the dashboard's libraries would wait for the answer of
// a terminal that gives none: 5 s. A command takes some milliseconds.
const queryTime = 4 * time.Second

// A command that is not the dashboard asks the terminal nothing, though the
// dashboard's libraries, which would, are linked.
func TestCommandsAskTheTerminalNothing(t *testing.T) {
	for _, term := range []string{"TERM=xterm-256color", "TERM=", "UNUSED=1"} {
		master, slave := pty(t)
		ctx, cancel := context.WithTimeout(t.Context(), queryTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, "/proc/self/exe", "version")
		cmd.Args[0] = "sysg"
		cmd.Env = []string{term}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Run(); err != nil {
			t.Errorf("with %s: %v", term, err)
		}
		_ = slave.Close()
		// Once nobody holds the other end, reading ends with EIO.
		out, err := io.ReadAll(master)
		if err != nil && !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		if bytes.ContainsRune(out, 0x1b) || !bytes.Contains(out, []byte("sysg")) {
			t.Errorf("with %s: sysg version wrote %q", term, out)
		}
	}
}

// pty is a terminal that answers nothing: our end and the program's.
func pty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}
