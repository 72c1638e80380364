//go:build !linux

package cli

import (
	"context"
	"os"
	"time"
)

// keepToOneself has nobody to keep anything from.
func keepToOneself() {}

// awaitEnd has nothing to wait for: no supervisor runs on this system.
func awaitEnd(context.Context, int) (ended bool) { return false }

// endWithReader does nothing: the next line that is written ends the command.
func endWithReader(*os.File, func()) {}

// folder stands for one that cannot be watched here.
type folder struct{}

func watchFolder(string) (*folder, error) { return &folder{}, nil }

// wait waits a second: there is nobody to tell.
func (*folder) wait(ctx context.Context) error {
	select {
	case <-time.After(time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (*folder) close() {}

// untilGone waits until a process has ended, or ctx has.
func untilGone(ctx context.Context, _ int) { <-ctx.Done() }
