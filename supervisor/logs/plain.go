package logs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errNoFile says that something else has the place of a file.
var errNoFile = errors.New("it is not a file")

// openPlain opens a file for reading in whose place there may be anything:
// whoever opens a pipe would else wait for ever.
func openPlain(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNoFile}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
