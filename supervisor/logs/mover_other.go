//go:build !linux

package logs

import (
	"errors"
	"os"
)

// errSystem says that output can be carried on Linux only: splice and epoll
// have no counterpart here yet.
var errSystem = errors.New("this system cannot carry the output of services yet: sysg's supervisor runs on Linux")

// Mover does not exist on this system; NewMover says so.
type Mover struct{ followers }

// NewMover fails.
func NewMover(MoverOptions) (*Mover, error) { return nil, errSystem }

// Open fails.
func (*Mover) Open(StreamConfig) (*Stream, error) { return nil, errSystem }

// Close has nothing to close.
func (*Mover) Close() error { return nil }

// Stream does not exist on this system.
type Stream struct{}

// Input fails.
func (*Stream) Input() (*os.File, error) { return nil, errSystem }

// InputOf fails.
func (*Stream) InputOf(uint64) (*os.File, error) { return nil, errSystem }

// Attach fails.
func (*Stream) Attach(uint64, []uint64) error { return errSystem }

// Mark fails.
func (*Stream) Mark(uint64) error { return errSystem }

// Drain has nothing to move.
func (*Stream) Drain() error { return nil }

// Info is empty.
func (*Stream) Info() Info { return Info{} }

// Configure fails.
func (*Stream) Configure(StreamConfig) error { return errSystem }

// Remove has nothing to remove.
func (*Stream) Remove() error { return nil }
