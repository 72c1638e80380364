package config

import (
	"fmt"
	"io/fs"
)

// untrustedError says that somebody else than root could change what root is
// about to do.
type untrustedError struct {
	path string
	why  string
}

func (e *untrustedError) Error() string {
	return fmt.Sprintf("root would do what others can write: %s %s", e.path, e.why)
}

// judge says why a file or a folder cannot be trusted; empty where it can. In a
// sticky folder nobody can replace what is another's.
func judge(mode fs.FileMode, uid int) string {
	switch {
	case uid != 0:
		return fmt.Sprintf("belongs to user %d", uid)
	case mode.IsDir() && mode&fs.ModeSticky != 0:
		return ""
	case mode.Perm()&0o022 != 0:
		return fmt.Sprintf("has mode %04o", mode.Perm())
	}
	return ""
}
