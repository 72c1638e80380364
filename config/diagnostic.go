package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Position is a place in a file; Line and Column count from 1, 0 means
// unknown.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Severity of a Diagnostic.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Diagnostic is one finding about a manifest, at a place, with a cure where
// one is known.
type Diagnostic struct {
	Position
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	// Hint is what to do about it, or empty.
	Hint string `json:"hint,omitempty"`
	// Source is the line the finding stands on, without its newline.
	Source string `json:"source,omitempty"`
	// Span is how many columns the caret underlines; at least 1.
	Span int `json:"span,omitempty"`
}

// String is the finding for a person: place and message, the source line with
// a caret below it, and the hint.
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", d.Position)
	if d.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.Message)
	if d.Source != "" && d.Column > 0 {
		fmt.Fprintf(&b, "\n    %s\n    %s%s", printable(d.Source), caretIndent(d.Source, d.Column), strings.Repeat("^", max(d.Span, 1)))
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "\n    hint: %s", d.Hint)
	}
	return b.String()
}

// String is file:line:column, with the file relative to the current folder
// where that is shorter.
func (p Position) String() string {
	name := p.File
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, name); err == nil && len(rel) < len(name) {
			name = rel
		}
	}
	switch {
	case p.Line == 0:
		return name
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", name, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", name, p.Line, p.Column)
}

// printable replaces what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (r < ' ' || r == 0x7f || r == utf8.RuneError) {
			return '?'
		}
		return r
	}, s)
}

// caretIndent is the space before a caret: tabs stay tabs, so that it stands
// below its column.
func caretIndent(source string, column int) string {
	var b strings.Builder
	n := 1
	for _, r := range source {
		if n >= column {
			break
		}
		if r == '\t' {
			b.WriteRune('\t')
		} else {
			b.WriteByte(' ')
		}
		n++
	}
	return b.String()
}

// Invalid is the error of a manifest that cannot be loaded: every finding at
// once, in file and line order.
type Invalid struct{ Diagnostics []Diagnostic }

// Error counts the errors, and says which it is where there is one.
func (e *Invalid) Error() string {
	var errs []Diagnostic
	for _, d := range e.Diagnostics {
		if d.Severity == SeverityError {
			errs = append(errs, d)
		}
	}
	if len(errs) == 1 {
		return fmt.Sprintf("the manifest has an error: %s: %s", errs[0].Position, errs[0].Message)
	}
	return fmt.Sprintf("the manifest has %d errors", len(errs))
}

// sortDiagnostics puts findings in the order of their places.
func sortDiagnostics(list []Diagnostic, files []string) {
	slices.SortStableFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message),
		)
	})
}

// ReadError says that a file could not be read.
type ReadError struct {
	Path string
	Err  error
	Cure string
}

func (e *ReadError) Error() string { return fmt.Sprintf("cannot read %s: %v", e.Path, e.Err) }

// Try is what to do about it.
func (e *ReadError) Try() string { return e.Cure }

// Unwrap gives the cause.
func (e *ReadError) Unwrap() error { return e.Err }
