//go:build !linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"time"
)

// terminal needs what only Linux tells of processes.
type terminal struct {
	cmd    *exec.Cmd
	began  time.Time
	master *os.File
	grid   *grid
}

type line struct {
	columns, lines uint16
	rate           int
	env            []string
}

var errLinux = errors.New("bench-tui reads /proc and runs on Linux only")

func (*system) open(line, ...string) (*terminal, error)                 { return nil, errLinux }
func (*terminal) resize(_, _ uint16) error                              { return errLinux }
func (*terminal) written() (bytes, frames int)                          { return 0, 0 }
func (*terminal) await(func(*grid) bool) error                          { return errLinux }
func (*terminal) press(string, func(*grid) bool) (time.Duration, error) { return 0, errLinux }
func (*terminal) close()                                                {}
