package cli

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// keepToOneself has no child inherit what the caller had open beside the three
// standard descriptors: a supervisor would hold the caller's pipes for ever.
// What is passed on purpose is duplicated later.
func keepToOneself() {
	// Before Linux 5.11 there is no such flag, and the caller's descriptors
	// are the caller's to close.
	_ = unix.CloseRange(3, 1<<31-1, unix.CLOSE_RANGE_CLOEXEC)
}

// awaitEnd waits until a process has ended, or ctx has, or as long as a
// supervisor may take to answer.
func awaitEnd(ctx context.Context, pid int) {
	if pid == os.Getpid() {
		return
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			_, err := unix.Poll(fds, int(answerTime.Milliseconds()))
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
