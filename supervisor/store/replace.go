package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"systemg/supervisor/failpoint"
)

// replace makes what fill writes the content of the file at path, or leaves the
// file as it was: written beside it, fsynced, renamed, and the directory
// fsynced. There is one writer per path, so the name beside it is fixed and no
// litter gathers. fill need not look at the errors of its writer.
func replace(path string, fill func(io.Writer)) error {
	if err := swap(path, fill, (*os.File).Sync); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

// replaceBytes is replace for content that is there already.
func replaceBytes(path string, data []byte) error {
	return replace(path, func(w io.Writer) { _, _ = w.Write(data) })
}

// swapBytes is replaceBytes for what nobody misses after a power loss: it waits
// for no disk, which takes some milliseconds, and many while others write.
func swapBytes(path string, data []byte) error {
	return swap(path, func(w io.Writer) { _, _ = w.Write(data) }, func(*os.File) error { return nil })
}

// swap writes a file beside the one at path, has it kept, and renames it.
func swap(path string, fill func(io.Writer), keep func(*os.File) error) error {
	beside := path + ".new"
	err := writeNew(beside, fill, keep)
	if err == nil {
		failpoint.Here(failpoint.Written)
		err = os.Rename(beside, path)
		failpoint.Here(failpoint.Replaced)
	}
	if err != nil {
		// What was written takes room that something else may need.
		_ = os.Remove(beside)
		return failed("write", path, err)
	}
	return nil
}

// writeNew makes a file of mode 0600, full of what fill writes, and has it kept.
func writeNew(path string, fill func(io.Writer), keep func(*os.File) error) error {
	// What a crash left may have any mode: under umask 0777 even its owner
	// cannot open it.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = file.Chmod(0o600)
	if err == nil {
		buffer := bufio.NewWriterSize(file, 64<<10)
		fill(buffer)
		err = buffer.Flush()
	}
	if err == nil {
		err = keep(file)
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// syncDir makes a rename last. The file is whole either way, and filesystems
// that cannot sync a directory order renames by themselves.
func syncDir(dir string) {
	file, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = file.Sync()
	_ = file.Close()
}

// unreadable is why a file was not used though it could be opened.
type unreadable struct {
	// suffix says in the new name what is wrong: corrupt, schema-9.
	suffix string
	err    error
}

func (u *unreadable) Error() string { return u.err.Error() }
func (u *unreadable) Unwrap() error { return u.err }

// readJSON reads a file that has a schema number. A missing file is
// fs.ErrNotExist, a file this version cannot use is *unreadable.
func readJSON[T any](path string, schema int, numberOf func(*T) int) (T, error) {
	var zero, value T
	data, err := readPlain(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, lost := os.Lstat(path); lost == nil {
			return zero, &unreadable{suffix: "corrupt", err: errors.New("it is a symbolic link that leads nowhere")}
		}
		return zero, err
	case exhausted(err):
		return zero, err
	case err != nil:
		return zero, &unreadable{suffix: "corrupt", err: err}
	}
	if err := json.Unmarshal(data, &value); err != nil {
		// Of a file from the future only the number has to make sense.
		var future struct {
			Schema int `json:"schema"`
		}
		if json.Unmarshal(data, &future) != nil || future.Schema <= schema {
			return zero, &unreadable{suffix: "corrupt", err: err}
		}
		return zero, newer(future.Schema, schema)
	}
	switch got := numberOf(&value); {
	case got > schema:
		return zero, newer(got, schema)
	case got < 1:
		return zero, &unreadable{suffix: "corrupt", err: errors.New("it has no schema number")}
	}
	return value, nil
}

func newer(got, known int) *unreadable {
	return &unreadable{
		suffix: fmt.Sprintf("schema-%d", got),
		err:    fmt.Errorf("it has schema %d and this version knows up to %d: a newer sysg wrote it", got, known),
	}
}

// moveAside renames a file that cannot be used and says so in words.
func moveAside(path string, why *unreadable, now time.Time) (string, error) {
	aside := fmt.Sprintf("%s.%s-%s", path, why.suffix, now.UTC().Format("20060102T150405.000Z"))
	if err := os.Rename(path, aside); err != nil {
		return "", failed("move aside the unreadable file", path, err)
	}
	reason := (&Error{Op: "read", Path: path, Err: why.err}).Error()
	return fmt.Sprintf("%s; moved it to %s and started without it", reason, filepath.Base(aside)), nil
}
