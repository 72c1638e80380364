//go:build !linux

package usage

import (
	"errors"
	"runtime"
	"time"
)

// kernel knows nothing on this system: there is no /proc to read.
type kernel struct{}

func (*kernel) process(int) (member, bool) { return member{}, false }

func (*kernel) command(int) string { return "" }

func (*kernel) spent(string) (time.Duration, bool) { return 0, false }

func (*kernel) charged(string) int64 { return -1 }

func (*kernel) uptime() time.Duration { return 0 }

func (*kernel) worked() time.Duration { return 0 }

// Limits are the resource limits in force of a process, as /proc/PID/limits
// has them.
func Limits(int) ([]Limit, error) {
	return nil, errors.New("cannot read the limits of a process: not available on " + runtime.GOOS)
}
