package guardian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/failpoint"
)

// helloTime is how long a guardian may take to answer a new supervisor.
const helloTime = 5 * time.Second

// Connect talks to the guardian that has started this process. It returns when
// the guardian has told all that it has. Where it has ended already the Link is
// lost (Lost), and good for Become alone.
func Connect() (*Link, error) {
	kind, err := unix.GetsockoptInt(ChannelFD, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_SEQPACKET {
		return nil, fmt.Errorf("descriptor %d leads to no guardian", ChannelFD)
	}
	unix.CloseOnExec(ChannelFD)
	l := &Link{
		fd: ChannelFD, keep: findKeepsake(), Inherited: map[string]int{}, wake: make(chan struct{}, 1),
		pipes: map[string]bool{}, held: map[string]int{}, asked: map[uint64]chan struct{}{},
	}
	switch err := l.hello(); {
	case errors.Is(err, io.EOF), errors.Is(err, unix.EPIPE), errors.Is(err, unix.ECONNRESET):
		l.lost = true
		return l, nil
	case err != nil:
		return nil, fmt.Errorf("cannot talk to the guardian: %w", err)
	}
	go l.write()
	return l, nil
}

// hello asks, and takes what is told first.
func (l *Link) hello() error {
	limit := unix.NsecToTimeval(helloTime.Nanoseconds())
	if err := unix.SetsockoptTimeval(l.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return err
	}
	if err := send(l.fd, message{Op: opHello, Protocol: Protocol}, nil, 0); err != nil {
		return err
	}
	buf, control := room()
	for {
		m, files, err := receive(l.fd, buf, control)
		if err != nil {
			return err
		}
		switch m.Op {
		case opInherit:
			l.inherit(m.Names, files)
		case opExits:
			l.early = append(l.early, m.Exits...)
		case opWelcome:
			if m.Protocol != Protocol {
				return fmt.Errorf("it speaks protocol %d, and this program %d", m.Protocol, Protocol)
			}
			l.Welcome = *m.Welcome
			return unix.SetsockoptTimeval(l.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{})
		}
	}
}

func (l *Link) inherit(names []string, files []int) {
	for i, fd := range files {
		if i >= len(names) {
			_ = unix.Close(fd)
			continue
		}
		if own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err == nil {
			l.held[names[i]] = own
		}
		l.Inherited[names[i]] = fd
	}
}

// Serve hands over every exit that the guardian tells of, the early ones first,
// and returns when the guardian has ended.
func (l *Link) Serve(exited func(Exit)) {
	for _, e := range l.early {
		exited(e)
	}
	l.early = nil
	buf, control := room()
	for {
		m, files, err := receive(l.fd, buf, control)
		closeAll(files)
		if err != nil {
			break
		}
		for _, e := range m.Exits {
			exited(e)
		}
		if m.Op == opSynced {
			l.mu.Lock()
			if done := l.asked[m.Seq]; done != nil {
				close(done)
				delete(l.asked, m.Seq)
			}
			l.mu.Unlock()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = true
	for _, p := range l.queue {
		closeAll(p.files)
	}
	l.queue = nil
	for seq, done := range l.asked {
		close(done)
		delete(l.asked, seq)
	}
	close(l.wake)
}

// Sync returns when every child of the guardian that had ended by now was
// handed over by Serve, or ctx ends.
func (l *Link) Sync(ctx context.Context) {
	if l == nil {
		return
	}
	done := make(chan struct{})
	l.mu.Lock()
	if l.lost {
		l.mu.Unlock()
		return
	}
	l.syncs++
	l.asked[l.syncs] = done
	l.put(parcel{message: message{Op: opSync, Seq: l.syncs}})
	l.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Hold has the guardian hold a duplicate of a descriptor by a name. The caller
// keeps its own.
func (l *Link) Hold(name string, fd int) error {
	if l == nil {
		return nil
	}
	sent, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return err
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		_ = unix.Close(sent)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, ok := l.held[name]; ok {
		_ = unix.Close(old)
	}
	l.held[name] = own
	l.put(parcel{message: message{Op: opHold, Names: []string{name}}, files: []int{sent}})
	return nil
}

// Drop has the guardian let a descriptor go.
func (l *Link) Drop(name string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if own, ok := l.held[name]; ok {
		_ = unix.Close(own)
		delete(l.held, name)
	}
	l.put(parcel{message: message{Op: opDrop, Names: []string{name}}})
}

// Upgrade has the guardian start the program, which lies at that path, when
// this supervisor has ended.
func (l *Link) Upgrade(program *os.File, path string) error {
	if l == nil {
		return errors.New("there is no guardian")
	}
	fd, err := unix.FcntlInt(program.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(parcel{message: message{Op: opUpgrade, Path: path}, files: []int{fd}})
	return nil
}

// write sends what is queued, until the guardian has ended.
func (l *Link) write() {
	for range l.wake {
		l.mu.Lock()
		todo := l.queue
		l.queue, l.sending = nil, true
		l.mu.Unlock()
		for _, p := range todo {
			// That the guardian has ended is told by the reading end.
			_ = send(l.fd, p.message, p.files, 0)
			closeAll(p.files)
		}
		l.mu.Lock()
		l.sending = false
		if l.idle != nil && len(l.queue) == 0 {
			close(l.idle)
			l.idle = nil
		}
		l.mu.Unlock()
	}
}

// Flush returns when everything was sent, or ctx ends.
func (l *Link) Flush(ctx context.Context) {
	if l == nil {
		return
	}
	l.mu.Lock()
	if l.lost || len(l.queue) == 0 && !l.sending {
		l.mu.Unlock()
		return
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// Become makes this process the guardian of the supervisor that it starts,
// which is the same program with the same arguments: call it when the guardian
// has ended. Children and what was held stay. It returns only where it fails.
func (l *Link) Become(log, note string) error {
	m := l.successor(log, note)
	failpoint.Here(failpoint.Becoming)
	return m.execute("/proc/self/exe")
}

// successor is the guardian that comes after the one that has ended. Pipes may
// be opened and closed meanwhile: units are still started.
func (l *Link) successor(log, note string) image {
	l.mu.Lock()
	m := image{
		Args: os.Args[1:], Log: log, Note: note, Program: -1, Channel: -1,
		Held: l.held, Pipes: map[string]int{}, Starts: l.Welcome.Starts, Before: "became the guardian",
	}
	paths, keep := maps.Clone(l.pipes), l.keep
	l.keep = -1
	l.mu.Unlock()
	for path := range paths {
		if fd, err := openPipe(path, unix.O_CLOEXEC); err == nil {
			m.Pipes[path] = fd
		}
	}
	unpack(keep, m.Pipes)
	return m
}
