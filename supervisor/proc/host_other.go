//go:build !linux

package proc

import (
	"context"
	"errors"
	"syscall"
)

// errSystem says that trees can be held on Linux only: pidfds, subreapers and
// cgroups have no counterpart here yet.
var errSystem = errors.New("this system cannot supervise processes yet: sysg's supervisor runs on Linux")

// Host does not exist on this system; NewHost says so.
type Host struct{}

// NewHost fails.
func NewHost(Options) (*Host, error) { return nil, errSystem }

// BootID fails.
func BootID() (string, error) { return "", errSystem }

// Start fails.
func (*Host) Start(Spec) (Process, error) { return Process{}, errSystem }

// Adopt fails.
func (*Host) Adopt(TreeID, Process) error { return errSystem }

// Signal fails.
func (*Host) Signal(TreeID, syscall.Signal) error { return errSystem }

// SignalMain fails.
func (*Host) SignalMain(TreeID, syscall.Signal) error { return errSystem }

// Kill has nothing to kill.
func (*Host) Kill(TreeID) {}

// Members are none.
func (*Host) Members(TreeID) []int { return nil }

// Sweep has nothing to end.
func (*Host) Sweep(context.Context) []int { return nil }

// Owner knows nobody.
func (*Host) Owner(int) (TreeID, bool) { return TreeID{}, false }

// CgroupOwner knows nobody.
func (*Host) CgroupOwner(uint64) (TreeID, bool) { return TreeID{}, false }

// Census is empty.
func (*Host) Census() map[TreeID]Membership { return nil }

// Containment is none.
func (*Host) Containment() string { return "" }

// Lives is false.
func Lives(Process) bool { return false }

// StartedAt fails.
func StartedAt(int) (uint64, error) { return 0, errSystem }

// Hold is none.
func (*Host) Hold(string) Hold { return Hold{} }

// Find finds nothing.
func (*Host) Find([]Hold) []Found { return nil }

// Muster finds nothing.
func (*Host) Muster(string, string) []Survivor { return nil }

// AdoptRest finds nothing.
func (*Host) AdoptRest(TreeID, Process) int { return 0 }

// Told has nobody to tell of.
func (*Host) Told(Remains, uint64) bool { return false }

// Disowned has nothing to change.
func (*Host) Disowned() {}

// Freeze has nothing to hold back.
func (*Host) Freeze() {}

// Await has nothing to wait for.
func (*Host) Await() {}

// Thaw has nothing to let go on.
func (*Host) Thaw() {}

// Watch fails.
func (*Host) Watch(int, func()) error { return errSystem }

// TellsOfForks fails.
func TellsOfForks() error { return errSystem }

// Close has nothing to close.
func (*Host) Close() error { return nil }
