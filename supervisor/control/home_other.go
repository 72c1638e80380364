//go:build !linux

package control

import "errors"

// keepHome cannot.
func (d *daemon) keepHome(*door) (stop func(), err error) {
	return nil, errors.New("this system does not tell of it")
}
