package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Error is something that could not be done on disk.
type Error struct {
	// Op completes "cannot …"; Path is what it was about, or empty.
	Op, Path string
	Err      error
	// Cure is what a person can do about it, or empty.
	Cure string
}

func (e *Error) Error() string {
	// The path stands in the text already: only the reason is wanted.
	err := e.Err
	var wrapped *fs.PathError
	if e.Path != "" && errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if e.Path == "" {
		return fmt.Sprintf("cannot %s: %v", e.Op, err)
	}
	return fmt.Sprintf("cannot %s %s: %v", e.Op, e.Path, err)
}

func (e *Error) Unwrap() error { return e.Err }

// Try is what to do about it, or empty.
func (e *Error) Try() string { return e.Cure }

// failed is an Error whose cure follows from its cause.
func failed(op, path string, err error) *Error {
	return &Error{Op: op, Path: path, Err: err, Cure: cureFor(err)}
}

func cureFor(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "free some space, or set SYSG_STATE_DIR to a folder on another disk"
	case errors.Is(err, syscall.EDQUOT):
		return "free some of your quota, or set SYSG_STATE_DIR to a folder on another disk"
	case errors.Is(err, syscall.EROFS):
		return "set SYSG_STATE_DIR to a folder that can be written"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "set SYSG_STATE_DIR to a folder of your own, or mend the permissions"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "raise the limit of open files (ulimit -n)"
	}
	return ""
}
