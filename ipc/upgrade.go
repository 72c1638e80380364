package ipc

import (
	"path/filepath"
	"strings"
)

// UpgradeParams asks for another program as the supervisor and its guardian.
type UpgradeParams struct {
	// Path is the program, absolute.
	Path string `json:"path"`
}

// UpgradeResult says that the supervisor is about to hand over: the connection
// ends, and the next supervisor's status tells how it went.
type UpgradeResult struct {
	OK bool `json:"ok"`
	// Guardian is the process that starts the program.
	Guardian int `json:"guardian_pid"`
}

// Upgrade is an attempt to change the program.
type Upgrade struct {
	// Path is the new program's. Failed says why the old one is back; it is
	// empty while the new one runs.
	Path   string `json:"path"`
	Failed string `json:"failed,omitempty"`
}

func (p UpgradeParams) check() error {
	switch {
	case !filepath.IsAbs(p.Path):
		return wrong(`"path" has to be absolute, not %q`, p.Path)
	case strings.ContainsRune(p.Path, 0):
		return wrong(`"path" has a NUL character`)
	}
	return nil
}
