//go:build !linux

package privilege

import (
	"errors"

	"systemg/config"
)

// Try says that nothing can be enforced here.
func Try(Facts) func(*config.Privileges) error {
	return func(*config.Privileges) error { return errors.New("it can be enforced on Linux only") }
}
