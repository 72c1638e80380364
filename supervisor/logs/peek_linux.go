package logs

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// peeker looks at what is in a pipe without taking it out: tee(2) duplicates
// it into a pipe of the peeker's own, which is read.
type peeker struct {
	mu   sync.Mutex
	open bool
	r, w int
}

// peekBytes is the most that is looked at once, the default size of a pipe.
const peekBytes = 64 << 10

// look gives the beginning of what is in the pipe.
func (p *peeker) look(pipe int) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			return nil, err
		}
		p.r, p.w, p.open = ends[0], ends[1], true
	}
	n, err := unix.Tee(pipe, p.w, peekBytes, unix.SPLICE_F_NONBLOCK)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	buf := make([]byte, n)
	for got := 0; got < len(buf); {
		n, err := unix.Read(p.r, buf[got:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		got += n
	}
	return buf, nil
}

func (p *peeker) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		p.open = false
		_ = unix.Close(p.r)
		_ = unix.Close(p.w)
	}
}
