package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Options are the surroundings a manifest is read in.
type Options struct {
	// Env is the caller's environment as NAME=VALUE: ${VAR} expands from
	// it where the manifest does not say otherwise.
	Env []string
	// System is --sys, DropPrivileges its companion, Root whether the
	// supervisor runs as root.
	System, DropPrivileges, Root bool
	// Self is the name of the user the supervisor runs as.
	Self string
}

// Names are the names a manifest is looked for by, the first wins.
var Names = []string{"systemg.yaml", "systemg.yml", "sysg.yaml", "sysg.yml"}

// Find looks for a manifest in a folder.
func Find(dir string) (path string, ok bool) {
	for _, name := range Names {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, true
		}
	}
	return "", false
}

// Load reads a manifest. The error is an *Invalid with every finding, or a
// *ReadError where the file itself cannot be read.
func Load(path string, o Options) (*Plan, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, &ReadError{Path: path, Err: err}
	}
	l := &loader{o: o, contents: map[string][]byte{}, lines: map[string][]int{}, told: map[string]bool{}, counts: map[Severity]int{}}
	data, err := l.read(path)
	if err != nil {
		return nil, &ReadError{Path: path, Err: reasonOf(err), Cure: readCure(err)}
	}
	root := l.parse(path, data, []string{path})
	plan := &Plan{File: path}
	if !l.broken {
		decode(l, root, plan)
	}
	sortDiagnostics(l.found, l.files)
	if l.failed() {
		return nil, &Invalid{Diagnostics: l.found, More: max(l.counts[SeverityError]-maxFindings, 0)}
	}
	plan.Warnings = l.found
	plan.Files, plan.Digest = l.files, l.digest()
	return plan, nil
}

func readCure(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "name the manifest with --config, or go to its folder"
	}
	if errors.Is(err, fs.ErrPermission) {
		return "let this user read the file"
	}
	var writable *untrustedError
	if errors.As(err, &writable) {
		return "chown root and chmod go-w what is named, or run it without --sys"
	}
	if errors.Is(err, errTooLong) {
		return "take it apart with !include"
	}
	return ""
}

// loader reads files and gathers findings.
type loader struct {
	o        Options
	files    []string
	contents map[string][]byte
	// lines are the offsets at which the lines of a file begin.
	lines map[string][]int
	found []Diagnostic
	// told are findings that are known: what an alias or a replica repeats
	// is told once. counts are those of each severity, told or not.
	told     map[string]bool
	counts   map[Severity]int
	nodes    int
	includes int
	tooLarge bool
	// broken is whether no tree could be made of the manifest; what the
	// decoder would say is of no use.
	broken bool
}

// maxFile is the largest file that is read.
const maxFile = 4 << 20

var errTooLong = fmt.Errorf("it is larger than %d MiB", maxFile>>20)

// read reads a file once.
func (l *loader) read(path string) ([]byte, error) {
	if data, ok := l.contents[path]; ok {
		return data, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("it is a folder, not a file")
	}
	if l.o.System && l.o.Root {
		// It is the open file that is looked at: what its name leads to
		// later does not matter.
		if err := Trusted(f); err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, errTooLong
	}
	l.files = append(l.files, path)
	l.contents[path] = data
	return data, nil
}

// digest is over everything that was read.
func (l *loader) digest() string {
	sum := sha256.New()
	for _, path := range l.files {
		fmt.Fprintf(sum, "%s\x00%d\x00", path, len(l.contents[path]))
		sum.Write(l.contents[path])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// parse makes a tree of a file.
func (l *loader) parse(path string, data []byte, chain []string) *node {
	start := Position{File: path, Line: 1, Column: 1}
	broken := func() *node {
		l.broken = l.broken || len(chain) == 1
		return &node{pos: start, bad: true}
	}
	if at, what := notText(data); at >= 0 {
		l.errorf(l.place(path, at), 1, "save the file as text in UTF-8", "the file %s", what)
		return broken()
	}
	in := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := in.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && doc.Kind == 0 {
		return &node{pos: start}
	}
	if err != nil {
		l.syntax(path, err)
		return broken()
	}
	g := &grower{l: l, file: path, chain: chain, open: map[*yaml.Node]bool{}}
	n := g.grow(&doc)
	var second yaml.Node
	if err := in.Decode(&second); err == nil {
		l.errorf(Position{File: path, Line: second.Line, Column: 1}, 1, "put what belongs together into one document; other files come in by !include", "the file has more than one document")
	} else if !errors.Is(err, io.EOF) {
		l.syntax(path, err)
		return broken()
	}
	return n
}

// syntax notes what the parser says.
func (l *loader) syntax(path string, err error) {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		l.errorf(Position{File: path, Line: 1, Column: 1}, 1, "see yaml.org/spec for the syntax", "this is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	mark, message, hint := one.Mark, one.Message, "look at the indentation, the colons and the quotes of this line and the one before"
	switch {
	case strings.Contains(message, "tab"), strings.HasPrefix(l.line(Position{File: path, Line: mark.Line}), "\t"):
		hint = "indent with spaces, not with tabs"
	case strings.Contains(message, "cannot start any token"):
		hint = "put a text that begins with this character into quotes"
	case strings.Contains(message, "mapping values are not allowed"):
		hint = "put a text that has a colon into quotes"
	case l.line(Position{File: path, Line: mark.Line}) == "" && one.ContextMark.Line > 0:
		// The end of the file is where it was noticed, not where it is wrong.
		mark, hint = one.ContextMark, "a quote or a bracket is not closed"
	}
	if one.ContextMsg != "" {
		message = one.ContextMsg + ": " + message
	}
	l.errorf(Position{File: path, Line: mark.Line, Column: max(mark.Column, 1)}, 1, hint, "this is no YAML: %s", message)
}

// errorf notes an error.
func (l *loader) errorf(pos Position, span int, hint, format string, a ...any) {
	l.note(SeverityError, pos, span, hint, format, a...)
}

// maxFindings is how many findings of each severity are told. More than that
// have one cause; they count all the same.
const maxFindings = 200

// note notes a finding, once at each place.
func (l *loader) note(s Severity, pos Position, span int, hint, format string, a ...any) {
	message := fmt.Sprintf(format, a...)
	same := format
	if s == SeverityWarning || format == "%s" {
		same = message
	}
	key := fmt.Sprintf("%s %s:%d:%d %s", s, pos.File, pos.Line, pos.Column, same)
	if l.told[key] {
		return
	}
	l.told[key] = true
	if l.counts[s]++; l.counts[s] > maxFindings {
		return
	}
	d := Diagnostic{Position: pos, Severity: s, Message: message, Hint: hint, Source: l.line(pos)}
	width := utf8.RuneCountInString(d.Source)
	d.Span = max(min(span, width-pos.Column+1), 1)
	l.found = append(l.found, d)
}

func (l *loader) failed() bool { return l.counts[SeverityError] > 0 }

// reasonOf is an error without the path it repeats.
func reasonOf(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// circle writes a path that comes back to where it began.
func circle(names []string) string { return strings.Join(names, " → ") }
