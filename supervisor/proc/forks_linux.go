package proc

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// forks is where the kernel tells of every fork on the machine: the process
// connector (linux/cn_proc.h), which since Linux 6.6 tells everybody, and of
// nothing else than what was asked for.
type forks struct {
	fd  int
	buf [4096]byte
}

// What is needed of linux/connector.h and linux/cn_proc.h: the connector's
// number for processes, the word that begins it, and kinds of event. An answer
// is of kind procNone, and comes to who has asked for everything alone.
const (
	cnProc   = 1
	cnListen = 1
	procNone = 0
	procFork = 1
	procAll  = 0
)

// backlog is how many bytes of events the kernel is asked to keep.
const backlog = 8 << 20

// A message is a netlink header of 16 bytes, one of the connector of 20, and the
// event: its kind, a processor, a time of 8 bytes, and what belongs to the kind.
const (
	atKind = 36
	atData = 52
)

// errUntold is why there is no answer, or nobody to ask.
var errUntold = errors.New("that takes Linux 6.6, and the machine's first PID, user and network namespaces")

// openForks asks to be told. An older kernel, and one that is asked from another
// namespace than the first, gives no answer.
func openForks() (*forks, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_CONNECTOR)
	if err != nil {
		return nil, fmt.Errorf("there is no process connector: %w", err)
	}
	f := &forks{fd: fd}
	if err := f.begin(); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("the process connector does not tell of forks: %w", err)
	}
	return f, nil
}

func (f *forks) begin() error {
	if unix.SetsockoptInt(f.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, backlog) != nil {
		// A plain user gets as much as anybody may have.
		_ = unix.SetsockoptInt(f.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, backlog)
	}
	if err := unix.Bind(f.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: cnProc}); err != nil {
		return err
	}
	if err := f.ask(procAll); err != nil {
		return err
	}
	if err := f.answer(); err != nil {
		return err
	}
	return f.ask(procFork)
}

// ask asks for kinds of event, in the form that Linux 6.6 brought: another
// kernel ignores it.
func (f *forks) ask(kinds uint32) error {
	const length = atKind + 8
	var q [length]byte
	put := binary.NativeEndian
	put.PutUint32(q[0:], length)
	put.PutUint16(q[4:], unix.NLMSG_DONE)
	put.PutUint32(q[16:], cnProc)
	put.PutUint32(q[20:], cnProc)
	put.PutUint16(q[32:], 8)
	put.PutUint32(q[atKind:], cnListen)
	put.PutUint32(q[atKind+4:], kinds)
	err := unix.Sendto(f.fd, q[:], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	if errors.Is(err, unix.ECONNREFUSED) {
		return errUntold
	}
	return err
}

// answer is there when the question was sent.
func (f *forks) answer() error {
	for {
		kind, data, err := f.next()
		switch {
		case errors.Is(err, unix.EAGAIN):
			return errUntold
		case err != nil:
			return err
		case kind == procNone && data[0] != 0:
			return unix.Errno(data[0])
		case kind == procNone:
			return nil
		}
	}
}

// next is the next event; EAGAIN says that there is none yet, ENOBUFS that some
// were lost.
func (f *forks) next() (kind uint32, data [4]uint32, err error) {
	for {
		n, err := unix.Read(f.fd, f.buf[:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, data, err
		case n < atData+4:
			continue
		}
		for i := range data {
			if end := atData + 4*i + 4; end <= n {
				data[i] = binary.NativeEndian.Uint32(f.buf[end-4:])
			}
		}
		return binary.NativeEndian.Uint32(f.buf[atKind:]), data, nil
	}
}

// read gives the forks since the last time, those that made a process and not a
// thread, with the thread of the parent whose child it is. Lost is whether there
// were more than could be kept.
func (f *forks) read(born func(thread, parent, child int)) (lost bool) {
	for {
		kind, data, err := f.next()
		switch {
		case errors.Is(err, unix.ENOBUFS):
			lost = true
		case err != nil:
			return lost
		case kind == procFork && data[2] == data[3]:
			born(int(data[0]), int(data[1]), int(data[3]))
		}
	}
}

// close ends it.
func (f *forks) close() error { return unix.Close(f.fd) }

// TellsOfForks says why the kernel does not tell of forks here; nil where it
// does, so that whoever takes off everything that says whose it is can still be
// told.
func TellsOfForks() error {
	f, err := openForks()
	if err != nil {
		return err
	}
	return f.close()
}
