package ipc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// The bounds of a server; see the package comment.
const (
	// maxConnections is how many connections there may be, perProcess how
	// many of them one process may have. Above the first there are reserved
	// ones for processes that have none, so that whoever hoards connections
	// does not lock out a command that needs one. See use for what happens when
	// those are taken too.
	maxConnections = 256
	perProcess     = 64
	reserved       = 64
	maxRequests    = 64
	// slotPatience is how long a request waits for a place, jammedPatience
	// how long after one that waited in vain.
	slotPatience   = time.Second
	jammedPatience = 10 * time.Millisecond

	writeTimeout = 30 * time.Second
	helloTime    = 10 * time.Second
	// partingTime is how long a server that shuts down waits for clients to
	// take what it still has for them.
	partingTime = 500 * time.Millisecond
	// refuseTime bounds the write to a client that is turned away, which does
	// not wait; it is long for a process that the kernel leaves waiting.
	refuseTime = time.Second
	// remarkEvery is how often the log says that clients are turned away.
	remarkEvery = time.Minute
	// acceptPause is how long a server without descriptors rests.
	acceptPause = 100 * time.Millisecond
)

// Peer is who is at the other end, as the kernel says.
type Peer struct {
	UID, GID, PID int
	// Groups are its supplementary groups.
	Groups []int
}

// Handler answers requests, each in a goroutine of its own. The result is
// encoded as JSON; an error that is no *Error becomes CodeInternal, but for
// context.Canceled, which becomes CodeCanceled. ctx ends when the client leaves
// or cancels the request, or the server shuts down.
type Handler interface {
	Serve(ctx context.Context, r *Request) (any, error)
}

// ServerOptions say who a server is.
type ServerOptions struct {
	Version  string
	StateDir string
	// Guardian is the pid of the process that starts this one again, 0 for
	// none; nil where there never is one.
	Guardian func() int
	// Log gets what is worth knowing; nil for nowhere.
	Log *slog.Logger
	// Peer says who is at the other end of a connection; nil asks the
	// kernel.
	Peer func(net.Conn) (Peer, error)
	// Confined says of a process that has just connected who it is, where it
	// may not command this server though its user may; empty for others. Nil
	// confines nobody.
	Confined func(pid int) string
	// Flags go into the answer to hello.
	Flags []string
	// Readers is the number of the group whose members may look, 0 for none.
	Readers int
	// WriteTimeout is how long an answer may wait for a client to read; 0
	// means 30 s.
	WriteTimeout time.Duration
}

func (o ServerOptions) guardian() int {
	if o.Guardian == nil {
		return 0
	}
	return o.Guardian()
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
	// processes counts the connections of each, by pid.
	processes map[int]int
	remarked  time.Time
	// stuck are those that give way next, as far as they still do; searched is
	// when nobody did.
	stuck    []*conn
	searched time.Time
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
	s := &Server{h: h, o: o, conns: map[*conn]bool{}, processes: map[int]int{}}
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

// take serves a connection in goroutines of its own, or says why not.
func (s *Server) take(nc net.Conn) {
	peer, err := s.o.Peer(nc)
	c := newConn(s, nc, peer)
	if refusal := s.admit(c); refusal != nil {
		// A new socket has room for a line, so this does not wait.
		_ = nc.SetWriteDeadline(time.Now().Add(refuseTime))
		_, _ = nc.Write(rejection(null, refusal))
		_ = nc.Close()
		return
	}
	if s.o.Confined != nil && err == nil {
		// Now, while it is the one that connected: later it may have ended,
		// and left the connection to a child.
		c.confined = s.o.Confined(peer.PID)
	}
	c.access = accessOf(peer, os.Geteuid(), s.o.Readers)
	if err == nil && c.access == accessNone {
		s.o.Log.Warn("refused a client", "uid", peer.UID, "pid", peer.PID)
		e := Errorf(CodeRefused, "user %d may not talk to this supervisor", peer.UID)
		e.Try = "use the user who started the supervisor, or sudo"
		err = e
	}
	go func() {
		defer s.drop(c)
		c.serve(err)
	}()
}

// admit counts a connection in, if there is room for it, or if another one gives
// way.
func (s *Server) admit(c *conn) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	all, own := len(s.conns), s.processes[c.peer.PID]
	var refusal *Error
	switch {
	case s.closing:
		return Errorf(CodeShuttingDown, "the supervisor is shutting down")
	case own >= perProcess && c.peer.PID != 0:
		refusal = Errorf(CodeTooMany, "process %d has %d connections already", c.peer.PID, own)
		refusal.Try = "close some: one connection takes any number of requests"
	case isFull(all, own) && !s.makeRoom(now, own):
		refusal = Errorf(CodeTooMany, "%d connections are open already", all)
		refusal.Try = "try again later, or end the programs that hold them"
	default:
		s.count(c, 1)
		s.working.Add(1)
		return nil
	}
	s.remark(now, "clients are turned away: there are too many", "pid", c.peer.PID, "its", own, "all", all)
	return refusal
}

// isFull is whether there is no place for one more connection of a process that
// has some.
func isFull(all, own int) bool {
	return all >= maxConnections+reserved || all >= maxConnections && own > 0
}

// count counts a connection in or out, once.
func (s *Server) count(c *conn, n int) {
	if s.conns[c] == (n > 0) {
		return
	}
	if n > 0 {
		s.conns[c] = true
	} else {
		delete(s.conns, c)
	}
	if s.processes[c.peer.PID] += n; s.processes[c.peer.PID] == 0 {
		delete(s.processes, c.peer.PID)
	}
}

// remark says now and then what happens all the time in a crowd.
func (s *Server) remark(now time.Time, text string, args ...any) {
	if now.Sub(s.remarked) >= remarkEvery {
		s.remarked = now
		s.o.Log.Warn(text, args...)
	}
}

func (s *Server) drop(c *conn) {
	s.mu.Lock()
	s.count(c, -1)
	s.mu.Unlock()
	s.working.Done()
}

// Shutdown stops accepting, cancels the requests under way, and closes the
// connections once their answers are written; a client that does not read them
// is not waited for long. When ctx ends it closes all at once.
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
