package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

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
// supervisor may take to answer. It says whether the process has.
func awaitEnd(ctx context.Context, pid int) (ended bool) {
	if pid == os.Getpid() {
		return false
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	polled := make(chan bool, 1)
	go func() {
		defer unix.Close(fd)
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			n, err := unix.Poll(fds, int(answerTime.Milliseconds()))
			if !errors.Is(err, unix.EINTR) {
				polled <- n > 0
				return
			}
		}
	}()
	select {
	case ended = <-polled:
		return ended
	case <-ctx.Done():
		return false
	}
}

// untilGone waits until a process has ended, or ctx has.
func untilGone(ctx context.Context, pid int) {
	for began := time.Now(); !awaitEnd(ctx, pid); began = time.Now() {
		if time.Since(began) < answerTime {
			// Nobody can tell.
			<-ctx.Done()
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// endWithReader calls end when nobody reads what is written to the file any
// more, which a command that waits for something to write would not notice. It
// ends then, or with the process.
func endWithReader(f *os.File, end func()) {
	fds := []unix.PollFd{{Fd: int32(f.Fd())}}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
		case err == nil && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
			end()
			return
		default:
			return
		}
	}
}

// folder tells when something new is in a folder.
type folder struct{ events *os.File }

func watchFolder(path string) (*folder, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("cannot watch %s: %w", path, err)
	}
	f := &folder{events: os.NewFile(uintptr(fd), "inotify")}
	// A socket answers once it has its mode, so a new mode is news too.
	if _, err := unix.InotifyAddWatch(fd, path, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ATTRIB); err != nil {
		f.close()
		return nil, fmt.Errorf("cannot watch %s: %w", path, err)
	}
	return f, nil
}

// wait returns when something new has come since the last wait.
func (f *folder) wait(ctx context.Context) error {
	defer context.AfterFunc(ctx, f.close)()
	_, err := f.events.Read(make([]byte, 4096))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (f *folder) close() { _ = f.events.Close() }
