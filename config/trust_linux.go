package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Trusted is nil for an open file that only root can change: the file itself,
// and every folder that leads to where it really lies.
func Trusted(f *os.File) error {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	for {
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return &untrustedError{path: path, why: "has no owner"}
		}
		if why := judge(info.Mode(), int(owner.Uid)); why != "" {
			return &untrustedError{path: path, why: why}
		}
		parent := filepath.Dir(path)
		if parent == path || !strings.HasPrefix(path, "/") {
			return nil
		}
		path = parent
		if info, err = os.Lstat(path); err != nil {
			return err
		}
	}
}
