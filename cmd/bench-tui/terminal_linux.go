package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is the program on a pseudo-terminal, and what it shows there.
type terminal struct {
	master *os.File
	cmd    *exec.Cmd
	began  time.Time

	mu    sync.Mutex
	grid  *grid
	total int
	grown *sync.Cond
	ended bool
	done  chan struct{}
}

// line says how a terminal is.
type line struct {
	columns, lines uint16
	// rate is how many bytes a second are read, 0 for all.
	rate int
	env  []string
}

// open runs the dashboard. Its reader ends with the program.
func (s *system) open(l line, args ...string) (*terminal, error) {
	master, slave, err := pty(l.columns, l.lines)
	if err != nil {
		return nil, err
	}
	t := &terminal{master: master, grid: newGrid(l.columns, l.lines), done: make(chan struct{})}
	t.grown = sync.NewCond(&t.mu)
	t.cmd = exec.Command(s.binary, append([]string{"tui"}, args...)...)
	t.cmd.Dir, t.cmd.Env = s.dir, s.environ(l.env...)
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = slave, slave, slave
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	t.began = time.Now()
	if err := t.cmd.Start(); err != nil {
		return nil, errors.Join(err, master.Close(), slave.Close())
	}
	_ = slave.Close()
	go t.read(l.rate)
	return t, nil
}

// pty is both ends of a new pseudo-terminal (pts(4)).
func pty(columns, lines uint16) (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open a pseudo-terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns})
	}
	master = os.NewFile(uintptr(fd), "ptmx")
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("cannot open a pseudo-terminal: %w", err), master.Close())
	}
	return master, slave, nil
}

// resize gives the terminal another size.
func (t *terminal) resize(columns, lines uint16) error {
	raw, err := t.master.SyscallConn()
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.grid.resize(columns, lines)
	t.mu.Unlock()
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns})
	})
	return errors.Join(err, failed)
}

// read takes what the program writes, rate bytes a second where that is not 0.
func (t *terminal) read(rate int) {
	defer close(t.done)
	buf := make([]byte, 64<<10)
	if rate > 0 {
		buf = buf[:max(rate/50, 1)]
	}
	for {
		began := time.Now()
		n, err := t.master.Read(buf)
		t.mu.Lock()
		t.grid.write(buf[:n])
		t.total += n
		t.ended = err != nil
		t.grown.Broadcast()
		t.mu.Unlock()
		if err != nil {
			return
		}
		if rate > 0 {
			time.Sleep(time.Duration(n)*time.Second/time.Duration(rate) - time.Since(began))
		}
	}
}

// written is how much the program has written so far.
func (t *terminal) written() (bytes, frames int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total, t.grid.frames
}

// patience is how long anything may take before a measurement is given up.
const patience = 20 * time.Second

// await waits until the screen is as found wants it.
func (t *terminal) await(found func(*grid) bool) error {
	timer := time.AfterFunc(patience, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.grown.Broadcast()
	})
	defer timer.Stop()
	began := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for !found(t.grid) {
		if t.ended || time.Since(began) >= patience {
			return fmt.Errorf("what was waited for did not appear on\n%s", t.grid)
		}
		t.grown.Wait()
	}
	return nil
}

// press presses a key, and says how long it took until the screen was as found
// wants it.
func (t *terminal) press(key string, found func(*grid) bool) (time.Duration, error) {
	began := time.Now()
	if _, err := t.master.WriteString(key); err != nil {
		return 0, err
	}
	if err := t.await(found); err != nil {
		return 0, fmt.Errorf("the key %q: %w", key, err)
	}
	return time.Since(began), nil
}

// close leaves the dashboard.
func (t *terminal) close() {
	_ = t.cmd.Process.Signal(syscall.SIGTERM)
	_ = t.cmd.Wait()
	_ = t.master.Close()
	<-t.done
}
