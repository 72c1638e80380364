//go:build !linux

package stage

import "errors"

// Fork fails: what is ordered can be done on Linux only.
func Fork(Child) (int, error) {
	return 0, errors.New("users, limits, capabilities and isolation can be set on Linux only")
}
