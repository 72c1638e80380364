//go:build !linux

package privilege

import "errors"

// RestraintsOn fails: nothing is kept from anything.
func RestraintsOn(int, Facts) (Restraints, error) {
	return Restraints{}, errors.New("what a process is kept from can be seen on Linux only")
}
