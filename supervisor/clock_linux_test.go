package supervisor

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel tells when the wall clock is set, whether forwards or backwards, by
// however little: here by a nanosecond, and back again.
func TestWatchClock(t *testing.T) {
	told := make(chan struct{}, 10)
	watch, err := WatchClock(func() { told <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	for _, by := range []unix.Timeval{{Usec: 1}, {Sec: -1, Usec: 999_999_999}} {
		// adjtimex(2): ADJ_SETOFFSET adds a time to the clock, with ADJ_NANO
		// in nanoseconds.
		_, err = unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_SETOFFSET | unix.ADJ_NANO, Time: by})
		if errors.Is(err, unix.EPERM) {
			if os.Getenv("SYSG_TEST_REQUIRE") == "all" {
				t.Fatal("needs the right to set the clock (CAP_SYS_TIME)")
			}
			t.Skip("needs the right to set the clock (CAP_SYS_TIME)")
		}
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-told:
		case <-time.After(20 * time.Second):
			t.Fatal("the clock was set, and nobody was told")
		}
	}
}

// Closed, the watch ends without a word.
func TestWatchClockEnds(t *testing.T) {
	told := make(chan struct{}, 1)
	watch, err := WatchClock(func() { told <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
		t.Error("told of a clock that nobody set")
	default:
	}
}
