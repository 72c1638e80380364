package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
)

// Hint remembers which manifests were used, so that commands work from any
// folder after the first.
type Hint struct {
	// Last is the manifest used last, an absolute path.
	Last string `json:"last,omitempty"`
	// Manifests are the absolute paths by project.
	Manifests map[string]string `json:"manifests,omitempty"`
}

// With is the hint after manifest was used for the projects it declares.
func (h Hint) With(manifest string, projects ...string) Hint {
	all := maps.Clone(h.Manifests)
	if all == nil {
		all = make(map[string]string, len(projects))
	}
	for _, id := range projects {
		all[id] = manifest
	}
	return Hint{Last: manifest, Manifests: all}
}

// Without is the hint after the project was forgotten. Last goes too when no
// other project came from it.
func (h Hint) Without(project string) Hint {
	gone := h.Manifests[project]
	all := maps.Clone(h.Manifests)
	delete(all, project)
	last := h.Last
	if last == gone {
		last = ""
	}
	for _, path := range all {
		if path == h.Last {
			last = path
		}
	}
	return Hint{Last: last, Manifests: all}
}

// Hint reads config_hint; see ReadHint.
func (d *Dir) Hint() (Hint, error) { return ReadHint(d.paths) }

// ReadHint reads config_hint. It is a convenience, so a missing file is an
// empty hint, and one that makes no sense is too; the error is for a file
// that cannot be read.
func ReadHint(p Paths) (Hint, error) {
	data, err := readPlain(p.Hint())
	if errors.Is(err, fs.ErrNotExist) {
		return Hint{}, nil
	}
	if err != nil {
		return Hint{}, failed("read", p.Hint(), err)
	}
	var h Hint
	if json.Unmarshal(data, &h) != nil {
		return Hint{}, nil //nolint:nilerr // It is a convenience.
	}
	return h, nil
}

// SetHint replaces config_hint; on an error the old file stays. The disk is not
// waited for.
func (d *Dir) SetHint(h Hint) error {
	data, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return failed("write", d.paths.Hint(), err)
	}
	return swapBytes(d.paths.Hint(), append(data, '\n'))
}
