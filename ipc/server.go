package ipc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

// The bounds of a server; see the package comment.
const (
	maxConnections = 256
	maxRequests    = 64
	writeTimeout   = 30 * time.Second
	helloTime      = 30 * time.Second
	// acceptPause is how long a server without descriptors rests.
	acceptPause = 100 * time.Millisecond
)

// Peer is who is at the other end, as the kernel says.
type Peer struct{ UID, GID, PID int }

// Handler answers requests, each in a goroutine of its own. The result is
// encoded as JSON; an error that is no *Error becomes CodeInternal. ctx ends
// when the client leaves or cancels the request, or the server shuts down.
type Handler interface {
	Serve(ctx context.Context, r *Request) (any, error)
}

// ServerOptions say who a server is.
type ServerOptions struct {
	Version  string
	StateDir string
	// Log gets what is worth knowing; nil for nowhere.
	Log *slog.Logger
	// Peer says who is at the other end of a connection; nil asks the
	// kernel.
	Peer func(net.Conn) (Peer, error)
	// WriteTimeout is how long an answer may wait for a client to read; 0
	// means 30 s.
	WriteTimeout time.Duration
}

// Server answers clients.
type Server struct {
	h Handler
	o ServerOptions

	ctx context.Context
	end context.CancelFunc

	mu       sync.Mutex
	listener net.Listener
	conns    map[*conn]bool
	closing  bool
	working  sync.WaitGroup
}

// NewServer makes a server.
func NewServer(h Handler, o ServerOptions) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Peer == nil {
		o.Peer = peerOf
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = writeTimeout
	}
	s := &Server{h: h, o: o, conns: map[*conn]bool{}}
	s.ctx, s.end = context.WithCancel(context.Background())
	return s
}

// Serve accepts connections until Shutdown, for which it returns nil.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return l.Close()
	}
	s.listener = l
	s.mu.Unlock()
	full := false
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			full = false
			s.take(c)
		case s.isClosing():
			return nil
		case isExhausted(err):
			if !full {
				s.o.Log.Warn("cannot accept a client", "error", err)
			}
			full = true
			s.rest()
		default:
			return err
		}
	}
}

// isExhausted is whether an accept failed for want of something that comes
// back.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.ECONNABORTED)
}

func (s *Server) rest() {
	t := time.NewTimer(acceptPause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// take serves a connection in goroutines of its own.
func (s *Server) take(nc net.Conn) {
	peer, err := s.o.Peer(nc)
	c := newConn(s, nc, peer)
	s.mu.Lock()
	refused := s.closing || len(s.conns) >= maxConnections
	if !refused {
		s.conns[c] = true
		s.working.Add(1)
	}
	s.mu.Unlock()
	switch {
	case refused:
		s.o.Log.Warn("a client is refused: there are too many", "pid", peer.PID)
		_ = nc.Close()
		return
	case err == nil && !allowed(peer):
		err = Errorf(CodeRefused, "user %d may not talk to this supervisor", peer.UID)
	}
	go func() {
		defer s.drop(c)
		c.serve(err)
	}()
}

func (s *Server) drop(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.working.Done()
}

// Shutdown stops accepting, lets the requests under way that do not stream
// finish, and closes the connections. When ctx ends it closes them at once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	l := s.listener
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	var err error
	if l != nil {
		err = l.Close()
	}
	s.end()
	for _, c := range conns {
		c.retire()
	}
	done := make(chan struct{})
	go func() { s.working.Wait(); close(done) }()
	select {
	case <-done:
		return err
	case <-ctx.Done():
	}
	for _, c := range conns {
		_ = c.net.Close()
	}
	<-done
	return err
}
