//go:build !linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"sync"
	"time"
)

// terminal needs what only Linux tells of processes.
type terminal struct {
	cmd    *exec.Cmd
	began  time.Time
	mu     sync.Mutex
	text   []byte
	master *os.File
}

type line struct {
	columns, lines uint16
	rate           int
	env            []string
}

var errLinux = errors.New("bench-tui reads /proc and runs on Linux only")

func (*system) open(line, ...string) (*terminal, error)                  { return nil, errLinux }
func (*terminal) resize(_, _ uint16) error                               { return errLinux }
func (*terminal) written() int                                           { return 0 }
func (*terminal) await(int, func([]byte) bool) error                     { return errLinux }
func (*terminal) press(string, func([]byte) bool) (time.Duration, error) { return 0, errLinux }
func (*terminal) close()                                                 {}
