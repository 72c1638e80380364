// Package ignore reads the patterns of what a watch does not look at; package
// watch has the table of them.
package ignore

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// defaultIgnore is what never counts: the files of version control, of package
// managers and caches, and those that editors write beside the one they edit.
var defaultIgnore = []string{
	".git", ".hg", ".svn", ".jj", "node_modules", "__pycache__", ".DS_Store",
	"*~", ".#*", "#*#", "*.sw[a-p]", "*.swx", "4913", ".goutputstream-*", "___jb_tmp___", "___jb_old___",
}

// Set is a set of patterns.
type Set struct{ patterns []pattern }

// pattern is one of them, cut at its slashes.
type pattern struct {
	parts []string
	// anchored patterns begin at the watched path, others at any depth;
	// absolute ones at the root of the filesystem.
	anchored, absolute bool
	// folder patterns are about directories, and what is in them.
	folder bool
}

// New reads patterns, which come on top of the default ones. Its error
// names the pattern.
func New(list []string) (Set, error) {
	var ig Set
	for _, text := range append(append([]string{}, defaultIgnore...), list...) {
		p, err := parsePattern(text)
		if err != nil {
			return Set{}, err
		}
		ig.patterns = append(ig.patterns, p)
	}
	return ig, nil
}

func parsePattern(text string) (pattern, error) {
	clean := strings.TrimPrefix(text, "./")
	p := pattern{absolute: strings.HasPrefix(clean, "/"), folder: strings.HasSuffix(clean, "/")}
	clean = strings.Trim(clean, "/")
	switch {
	case clean == "" || clean == ".":
		return p, fmt.Errorf("cannot read the ignore pattern %q: it ignores everything", text)
	case strings.HasPrefix(clean, "!"):
		return p, fmt.Errorf("cannot read the ignore pattern %q: exceptions (!) are not known", text)
	}
	p.parts = strings.Split(clean, "/")
	p.anchored = len(p.parts) > 1
	for _, part := range p.parts {
		if part == ".." {
			return p, fmt.Errorf("cannot read the ignore pattern %q: it leads out of the watched path", text)
		}
		if _, err := path.Match(part, ""); err != nil {
			return p, fmt.Errorf("cannot read the ignore pattern %q: a bracket is not closed", text)
		}
	}
	return p, nil
}

// Match is whether the file or directory rel, below the watched path root,
// does not count: a pattern matches it or a directory it is in. The watched
// path itself always counts, unless an absolute pattern names it.
func (ig Set) Match(root, rel string, dir bool) bool {
	below := split(rel)
	whole := split(filepath.Join(root, rel))
	for _, p := range ig.patterns {
		names := below
		if p.absolute {
			names = whole
		}
		if p.within(names, dir) {
			return true
		}
	}
	return false
}

func split(name string) []string {
	name = strings.Trim(filepath.ToSlash(name), "/")
	if name == "" || name == "." {
		return nil
	}
	return strings.Split(name, "/")
}

// within is whether the pattern matches the names or a beginning of them.
func (p pattern) within(names []string, dir bool) bool {
	for n := 1; n <= len(names); n++ {
		if p.folder && n == len(names) && !dir {
			continue
		}
		switch {
		case !p.anchored && !p.absolute:
			if p.parts[0] != "**" && matches(p.parts, names[n-1:n]) {
				return true
			}
		case matches(p.parts, names[:n]):
			return true
		}
	}
	return false
}

// matches is whether parts, in which ** stands for any number of names, are
// the names.
func matches(parts, names []string) bool {
	if len(parts) == 0 {
		return len(names) == 0
	}
	if parts[0] == "**" {
		for n := range len(names) + 1 {
			if matches(parts[1:], names[n:]) {
				return true
			}
		}
		return false
	}
	if len(names) == 0 {
		return false
	}
	ok, _ := path.Match(parts[0], names[0])
	return ok && matches(parts[1:], names[1:])
}
