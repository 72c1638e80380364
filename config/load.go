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
	"slices"
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
	l := &loader{o: o, contents: map[string][]byte{}}
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
		return nil, &Invalid{Diagnostics: l.found}
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
	return ""
}

// loader reads files and gathers findings.
type loader struct {
	o        Options
	files    []string
	contents map[string][]byte
	found    []Diagnostic
	nodes    int
	tooLarge bool
	// broken is whether a file could not be made a tree of; what the
	// decoder would say of the rest is of no use.
	broken bool
}

// maxFile is the largest file that is read.
const maxFile = 4 << 20

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
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
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
	if !utf8.Valid(data) {
		l.broken = true
		l.errorf(Position{File: path}, 1, "save the file as UTF-8", "the file is not valid UTF-8")
		return &node{pos: start}
	}
	in := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := in.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && doc.Kind == 0 {
		return &node{pos: start}
	}
	if err != nil {
		l.syntax(path, err)
		return &node{pos: start}
	}
	g := &grower{l: l, file: path, chain: chain, open: map[*yaml.Node]bool{}}
	n := g.grow(&doc)
	var second yaml.Node
	if err := in.Decode(&second); err == nil {
		l.errorf(Position{File: path, Line: second.Line, Column: 1}, 1, "put what belongs together into one document; other files come in by !include", "the file has more than one document")
	} else if !errors.Is(err, io.EOF) {
		l.syntax(path, err)
	}
	return n
}

// syntax notes what the parser says.
func (l *loader) syntax(path string, err error) {
	l.broken = true
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		l.errorf(Position{File: path}, 1, "", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	hint := ""
	if strings.Contains(one.Message, "tab") || strings.HasPrefix(l.line(Position{File: path, Line: one.Mark.Line}), "\t") {
		hint = "indent with spaces"
	}
	if strings.Contains(one.Message, "mapping values are not allowed") {
		hint = "put a text that has a colon into quotes"
	}
	l.errorf(Position{File: path, Line: one.Mark.Line, Column: max(one.Mark.Column, 1)}, 1, hint, "this is no YAML: %s", one.Message)
}

// errorf notes an error.
func (l *loader) errorf(pos Position, span int, hint, format string, a ...any) {
	l.note(SeverityError, pos, span, hint, format, a...)
}

// maxFindings is how many findings are told; whoever has more has one.
const maxFindings = 200

func (l *loader) note(s Severity, pos Position, span int, hint, format string, a ...any) {
	if len(l.found) >= maxFindings {
		return
	}
	d := Diagnostic{Position: pos, Severity: s, Message: fmt.Sprintf(format, a...), Hint: hint, Source: l.line(pos)}
	width := utf8.RuneCountInString(d.Source)
	d.Span = max(min(span, width-pos.Column+1), 1)
	l.found = append(l.found, d)
}

// line is the source line of a place.
func (l *loader) line(pos Position) string {
	data := l.contents[pos.File]
	if pos.Line < 1 {
		return ""
	}
	for n := 1; len(data) > 0; n++ {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		if n == pos.Line {
			return clip(string(bytes.TrimRight(bytes.TrimPrefix(line, []byte("\ufeff")), "\r")))
		}
		data = rest
	}
	return ""
}

// clip shortens a line that nobody would read.
func clip(s string) string {
	const most = 400
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (l *loader) failed() bool {
	return slices.ContainsFunc(l.found, func(d Diagnostic) bool { return d.Severity == SeverityError })
}

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
