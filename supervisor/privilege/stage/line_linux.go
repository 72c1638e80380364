package stage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// line is what connects a child that is not a service yet with this process:
// the report, which a successful exec closes and a failure writes to, and,
// where there is a user namespace, a gate behind which the child waits for its
// maps. They are plain numbers in the table of the calling thread, never files
// of Go's, which another thread might close.
type line struct {
	report, doors [2]int
	gated         bool
	// moved are the child's files, above the numbers they become.
	moved []int
}

// reaperFiles are the descriptors that a reaper has more.
const reaperFiles = 2

// newLine opens the line and moves the child's files above those numbers that
// they become, so that none is overwritten before its turn.
func newLine(c *Child) (*line, error) {
	l := &line{report: [2]int{-1, -1}, doors: [2]int{-1, -1}, gated: c.Orders.Namespaces&unix.CLONE_NEWUSER != 0}
	floor := len(c.Files)
	if c.Reaper {
		floor += reaperFiles
	}
	for _, pair := range []*[2]int{&l.report, &l.doors} {
		if pair == &l.doors && !l.gated {
			continue
		}
		if err := pipeAbove(pair, floor); err != nil {
			l.close()
			return nil, fmt.Errorf("cannot make a pipe: %w", err)
		}
	}
	for _, fd := range c.Files {
		up, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, floor)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("cannot take over a descriptor: %w", err)
		}
		l.moved = append(l.moved, up)
	}
	c.Files = l.moved
	return l, nil
}

// pipeAbove makes a pipe whose ends are at least floor.
func pipeAbove(p *[2]int, floor int) error {
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	for i, fd := range p {
		if fd >= floor {
			continue
		}
		up, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, floor)
		if err != nil {
			return err
		}
		_ = unix.Close(fd)
		p[i] = up
	}
	return nil
}

// gate is the child's end of the gate, -1 where there is none.
func (l *line) gate() int { return l.doors[0] }

// own is more than a child opens itself beside its files.
const own = 16

// free is a descriptor's number that the child does not use.
func (l *line) free() int {
	return own + slices.Max(append([]int{l.report[0], l.report[1], l.doors[0], l.doors[1]}, l.moved...))
}

// await gives the child its maps and waits until it is the service or has
// failed.
func (l *line) await(pid int, o Orders) error {
	closeOnce(&l.report[1])
	if l.gated {
		closeOnce(&l.doors[0])
		if err := writeMaps(pid, o); err != nil {
			return err
		}
		if _, err := unix.Write(l.doors[1], []byte{1}); err != nil {
			return fmt.Errorf("cannot go on with the process: %w", err)
		}
		closeOnce(&l.doors[1])
	}
	return readReport(l.report[0])
}

func (l *line) close() {
	for _, fd := range l.moved {
		_ = unix.Close(fd)
	}
	l.moved = nil
	for _, fd := range []*int{&l.report[0], &l.report[1], &l.doors[0], &l.doors[1]} {
		closeOnce(fd)
	}
}

func closeOnce(fd *int) {
	if *fd >= 0 {
		_ = unix.Close(*fd)
		*fd = -1
	}
}

// readReport reads what a child tells until it is the service, or gone: the
// error's number, four bytes, and the words of the step.
func readReport(fd int) error {
	buf := make([]byte, 4096)
	n := 0
	for n < len(buf) {
		m, err := unix.Read(fd, buf[n:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || m <= 0 {
			break
		}
		n += m
	}
	if n < 4 {
		return nil
	}
	return &StepError{Errno: syscall.Errno(binary.NativeEndian.Uint32(buf)), Step: string(buf[4:n])}
}

// writeMaps says which numbers exist in the user namespace of a child
// (user_namespaces(7)).
func writeMaps(pid int, o Orders) error {
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	put := func(name, text string) error {
		fd, err := unix.Open(dir+name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			_, err = unix.Write(fd, []byte(text))
			_ = unix.Close(fd)
		}
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return &StepError{Step: "map the numbers of the user namespace (" + name + ")", Errno: errno}
		}
		return err
	}
	if err := put("uid_map", lines(o.Users)); err != nil {
		return err
	}
	if o.DenyGroups {
		if err := put("setgroups", "deny"); err != nil {
			return err
		}
	}
	return put("gid_map", lines(o.Groups))
}

// lines maps each number to itself.
func lines(numbers []int) string {
	text := ""
	for _, n := range numbers {
		text += fmt.Sprintf("%d %d 1\n", n, n)
	}
	return text
}
