package control

import (
	"net"
	"os"
	"sync"
)

// door is the control socket's listener. It may be opened anew: who waits in
// Accept goes on with the new one.
type door struct {
	listen func() (net.Listener, error)
	path   string

	mu     sync.Mutex
	now    net.Listener
	file   os.FileInfo
	closed bool
	// opened is closed, and replaced, when the door is opened or closed.
	opened chan struct{}
	// broken is whether it could not be opened anew.
	broken bool
}

// newDoor opens one.
func newDoor(path string, listen func() (net.Listener, error)) (*door, error) {
	d := &door{listen: listen, path: path, opened: make(chan struct{})}
	return d, d.open()
}

// open listens anew, in the place of what is there.
func (d *door) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return net.ErrClosed
	}
	if d.now != nil {
		// It removes its file, which is to be the old one or none.
		_ = d.now.Close()
	}
	l, err := d.listen()
	if d.broken = err != nil; err != nil {
		return err
	}
	d.now = l
	close(d.opened)
	d.opened = make(chan struct{})
	d.file, err = os.Lstat(d.path)
	return err
}

// inPlace is whether the socket's file is the one that is listened on.
func (d *door) inPlace() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, err := os.Lstat(d.path)
	return err == nil && d.file != nil && os.SameFile(d.file, now)
}

func (d *door) current() (l net.Listener, broken bool, opened chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now, d.broken && !d.closed, d.opened
}

// Accept waits for a client, and where there is no socket until there is one.
func (d *door) Accept() (net.Conn, error) {
	for {
		l, broken, opened := d.current()
		if broken {
			<-opened
			continue
		}
		c, err := l.Accept()
		if err == nil {
			return c, nil
		}
		// One that is being replaced has been when this has its answer.
		if now, broken, _ := d.current(); now == l && !broken {
			return nil, err
		}
	}
}

// Close ends the listening.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	close(d.opened)
	d.opened = make(chan struct{})
	if d.broken {
		return nil
	}
	return d.now.Close()
}

// Addr is the socket's.
func (d *door) Addr() net.Addr {
	l, _, _ := d.current()
	return l.Addr()
}
