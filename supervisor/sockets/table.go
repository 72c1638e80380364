package sockets

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"systemg/config"
)

// Table keeps listening sockets. Its methods may be called from any goroutine.
type Table struct {
	log *slog.Logger

	// keeper keeps duplicates over a change of supervisors; nil for none.
	keeper Keeper

	// work is held while sockets are opened and released; it guards open.
	work sync.Mutex
	open map[address]*socket
	// activated are the sockets that a service manager has passed, by name.
	activated map[string]int

	// mu guards want, and is held for moments only.
	mu   sync.Mutex
	want map[string]map[address]bool
	// sweeps are the sweeps that are under way.
	sweeps sync.WaitGroup
}

// address is where a socket listens, as the manifest says it.
type address struct{ network, text string }

func (a address) String() string { return a.network + "://" + a.text }

func addressOf(def config.Socket) address {
	return address{network: def.Network, text: def.Address}
}

// socket is one that is open.
type socket struct {
	owner string
	def   config.Socket
	// fd is the supervisor's own. It is no *os.File: the runtime would watch
	// one that a service has made non-blocking.
	fd int
	// inode is a Unix socket's file, to be known again; nil for others.
	inode os.FileInfo
}

func newSocket(owner string, def config.Socket, fd int) *socket {
	s := &socket{owner: owner, def: def, fd: fd}
	if def.Network == "unix" {
		if info, err := os.Lstat(def.Address); err == nil {
			s.inode = info
		}
	}
	return s
}

// NewTable makes an empty table. Log may be nil.
func NewTable(log *slog.Logger) *Table {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Table{log: log, open: map[address]*socket{}, activated: map[string]int{}, want: map[string]map[address]bool{}}
}

// Keeper keeps duplicates of descriptors by name, without waiting.
type Keeper interface {
	Hold(name string, fd int) error
	Drop(name string)
}

// keptWord begins the names of kept sockets: a network, an address and an owner
// follow.
const keptWord = "socket"

func (s *socket) kept() string {
	return strings.Join([]string{keptWord, s.def.Network, s.def.Address, s.owner}, "\n")
}

// KeepBy has every socket kept, and takes over those that were kept for an
// earlier supervisor: it takes their descriptors out of the map. Call it first.
func (t *Table) KeepBy(k Keeper, kept map[string]int) {
	t.work.Lock()
	defer t.work.Unlock()
	t.keeper = k
	for name, fd := range kept {
		part := strings.Split(name, "\n")
		if len(part) != 4 || part[0] != keptWord {
			continue
		}
		delete(kept, name)
		def := config.Socket{Network: part[1], Address: part[2]}
		t.open[addressOf(def)] = newSocket(part[3], def, fd)
	}
}

// Settle releases what was taken over and nobody wants.
func (t *Table) Settle() { t.sweeps.Go(t.sweep) }

// add takes note of a socket that is open; work is held.
func (t *Table) add(s *socket) {
	t.open[addressOf(s.def)] = s
	if t.keeper != nil {
		if err := t.keeper.Hold(s.kept(), s.fd); err != nil {
			t.log.Warn("a socket is not kept over a change of supervisors", "address", s.def.Address, "error", err)
		}
	}
}

// remove forgets a socket; work is held.
func (t *Table) remove(at address) {
	if s := t.open[at]; s != nil && t.keeper != nil {
		t.keeper.Drop(s.kept())
	}
	delete(t.open, at)
}

// Want says which sockets an owner is to have from now on: others of its are
// released soon. It opens none and never blocks.
func (t *Table) Want(owner string, defs []config.Socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.want[owner]
	if len(defs) == 0 {
		delete(t.want, owner)
	} else {
		set := make(map[address]bool, len(defs))
		for _, d := range defs {
			set[addressOf(d)] = true
		}
		t.want[owner] = set
	}
	for a := range before {
		if !t.want[owner][a] {
			t.sweeps.Go(t.sweep)
			return
		}
	}
}

// Open gives duplicates of an owner's sockets, in the order of the
// definitions; the caller closes them. Those that are not open yet are opened,
// and stay open while they are wanted. It may wait for a name to be resolved.
// The error is an *AddressError; sockets that were opened before it are kept.
func (t *Table) Open(owner string, defs []config.Socket) ([]*os.File, error) {
	t.work.Lock()
	defer t.work.Unlock()
	t.releaseUnwanted()
	// The owner may have been given up meanwhile.
	defer t.releaseUnwanted()
	var files []*os.File
	for _, def := range defs {
		f, err := t.take(owner, def)
		if err != nil {
			closeAll(files)
			return nil, &AddressError{Address: addressOf(def).String(), Err: err}
		}
		files = append(files, f)
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// take gives a duplicate of one socket; work is held.
func (t *Table) take(owner string, def config.Socket) (*os.File, error) {
	at := addressOf(def)
	s, ok := t.open[at]
	switch {
	case !ok:
		fd, err := t.activatedAs(owner, def)
		if err == nil && fd < 0 {
			fd, err = listen(def)
		}
		if err != nil {
			return nil, err
		}
		s = newSocket(owner, def, fd)
		t.add(s)
		t.log.Info("listening", "unit", owner, "address", at.String())
	case s.owner != owner:
		return nil, fmt.Errorf("%s has it: stop that unit, or choose another address", s.owner)
	case s.def.Mode != def.Mode || s.def.User != def.User:
		if err := permit(def); err != nil {
			return nil, err
		}
		s.def = def
	}
	f, err := duplicate(s)
	if err != nil {
		return nil, fmt.Errorf("cannot duplicate the socket: %w", err)
	}
	return f, nil
}

// Adopt takes an owner's sockets back from a process that an earlier
// supervisor gave them to, those that are not open already. The error names
// every socket that the process does not have; the others are kept. It does
// not wait for anything.
func (t *Table) Adopt(owner string, defs []config.Socket, pid int) error {
	t.work.Lock()
	defer t.work.Unlock()
	var missing []config.Socket
	for _, def := range defs {
		if _, ok := t.open[addressOf(def)]; !ok {
			missing = append(missing, def)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := fetch(pid, missing)
	if err != nil {
		return err
	}
	var wrong []error
	for i, def := range missing {
		if found[i] < 0 {
			wrong = append(wrong, &AddressError{Address: addressOf(def).String(), Err: fmt.Errorf("process %d does not listen there any more", pid)})
			continue
		}
		t.add(newSocket(owner, def, found[i]))
	}
	return errors.Join(wrong...)
}

// Listening are the addresses of an owner that are open, sorted. It waits while
// sockets are opened.
func (t *Table) Listening(owner string) []string {
	t.work.Lock()
	defer t.work.Unlock()
	var list []string
	for a, s := range t.open {
		if s.owner == owner {
			list = append(list, a.String())
		}
	}
	slices.Sort(list)
	return list
}

// Close releases what is not wanted, and closes the supervisor's duplicates of
// the rest: services that run keep theirs.
func (t *Table) Close() error {
	t.sweeps.Wait()
	t.work.Lock()
	defer t.work.Unlock()
	t.releaseUnwanted()
	var wrong []error
	for a, s := range t.open {
		wrong = append(wrong, closeSocket(s.fd))
		delete(t.open, a)
	}
	return errors.Join(wrong...)
}

func (t *Table) sweep() {
	t.work.Lock()
	defer t.work.Unlock()
	t.releaseUnwanted()
}

// releaseUnwanted closes the sockets that nobody wants; work is held.
func (t *Table) releaseUnwanted() {
	t.mu.Lock()
	var unwanted []address
	for a, s := range t.open {
		if !t.want[s.owner][a] {
			unwanted = append(unwanted, a)
		}
	}
	t.mu.Unlock()
	for _, a := range unwanted {
		s := t.open[a]
		t.remove(a)
		if err := release(s); err != nil {
			t.log.Warn("cannot release a socket", "unit", s.owner, "address", a.String(), "error", err)
			continue
		}
		t.log.Info("listens no more", "unit", s.owner, "address", a.String())
	}
}

// AddressError says that a socket cannot be had, and where.
type AddressError struct {
	// Address is like tcp://127.0.0.1:8080.
	Address string
	Err     error
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("cannot listen on %s: %v", e.Address, e.Err)
}

// Unwrap gives the cause.
func (e *AddressError) Unwrap() error { return e.Err }
