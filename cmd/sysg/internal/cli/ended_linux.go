package cli

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

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
