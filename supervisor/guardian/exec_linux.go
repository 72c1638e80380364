package guardian

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// follow makes the guardian itself the program that its supervisor runs. Where
// that fails it goes on as it is: it can still guard.
func (g *guard) follow() {
	if g.Program < 0 {
		return
	}
	err := g.execute(fmt.Sprintf("/proc/self/fd/%d", g.Program))
	g.say("WARN", "the guardian stays the old program", "error", err)
}

// execute goes on as a guardian of the program at path, with the same children
// and files. It returns only where that fails.
func (m *image) execute(path string) error {
	fd, err := m.store()
	if err != nil {
		return err
	}
	files := append(m.files(), fd)
	defer func() {
		_ = unix.Close(fd)
		for _, f := range files {
			unix.CloseOnExec(f)
		}
	}()
	for _, f := range files {
		if _, err := unix.FcntlInt(uintptr(f), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("cannot keep descriptor %d open: %w", f, err)
		}
	}
	return syscall.Exec(path, []string{"sysg", word, resumeWord, strconv.Itoa(fd)}, os.Environ())
}

// store writes the image to memory that outlives an exec.
func (m *image) store() (int, error) {
	fd, err := unix.MemfdCreate("sysg-guardian", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("cannot make a file in memory: %w", err)
	}
	data, err := json.Marshal(m)
	for err == nil && len(data) > 0 {
		var n int
		n, err = unix.Write(fd, data)
		data = data[max(n, 0):]
	}
	if err == nil {
		_, err = unix.Seek(fd, 0, io.SeekStart)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("cannot write a file in memory: %w", err)
	}
	return fd, nil
}

// load takes over from an image.
func (m *image) load(fd int) error {
	f := os.NewFile(uintptr(fd), "image")
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, m); err != nil {
		return fmt.Errorf("cannot read what the guardian before knew: %w", err)
	}
	for _, file := range m.files() {
		unix.CloseOnExec(file)
	}
	if m.Held == nil {
		m.Held = map[string]int{}
	}
	if m.Pipes == nil {
		m.Pipes = map[string]int{}
	}
	if m.Program >= 0 {
		// It is what runs now.
		_ = unix.Close(m.Program)
		m.Program = -1
	}
	return nil
}

// lives is whether a process lives.
func lives(pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 0
}
