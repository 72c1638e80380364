//go:build !linux

package sockets

import (
	"errors"
	"os"

	"systemg/config"
)

// errSystem says that sockets are kept where processes are supervised.
var errSystem = errors.New("this system cannot supervise processes yet: sysg's supervisor runs on Linux")

func listen(config.Socket) (int, error)         { return -1, errSystem }
func permit(config.Socket) error                { return errSystem }
func duplicate(*socket) (*os.File, error)       { return nil, errSystem }
func release(*socket) error                     { return nil }
func closeSocket(int) error                     { return nil }
func fetch(int, []config.Socket) ([]int, error) { return nil, errSystem }
