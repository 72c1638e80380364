package usage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// errNoFile says that something else has the place of a file.
var errNoFile = errors.New("it is not a file")

// openPlain opens a file in whose place there may be anything: whoever opens a
// pipe would else wait for ever.
func openPlain(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNoFile}
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// readPlain reads one.
func readPlain(path string) ([]byte, error) {
	file, err := openPlain(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// irregular is whether something that is no file has a file's place.
func irregular(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && !info.Mode().IsRegular()
}
