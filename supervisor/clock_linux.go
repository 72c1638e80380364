package supervisor

import (
	"errors"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// WatchClock calls set whenever the wall clock jumps: somebody has set it, or
// the machine has slept. The kernel tells (timerfd_create(2),
// TFD_TIMER_CANCEL_ON_SET). Close ends the goroutine that waits for it.
func WatchClock(set func()) (io.Closer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	if err := armForSet(fd); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	f := os.NewFile(uintptr(fd), "timerfd")
	go func() {
		expired := make([]byte, 8)
		for {
			_, err := f.Read(expired)
			if !errors.Is(err, unix.ECANCELED) {
				// It was closed: the timer itself never comes due.
				return
			}
			set()
		}
	}()
	return f, nil
}

// armForSet sets the timer to a time nobody sees. It stays armed when a jump
// of the clock is told.
func armForSet(fd int) error {
	far := unix.ItimerSpec{Value: unix.Timespec{Sec: math.MaxInt32}}
	flags := unix.TFD_TIMER_ABSTIME | unix.TFD_TIMER_CANCEL_ON_SET
	return os.NewSyscallError("timerfd_settime", unix.TimerfdSettime(fd, flags, &far, nil))
}
