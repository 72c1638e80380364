package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
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
	// Source is the line the finding stands on, without its newline; a
	// line longer than anybody would read is cut.
	Source string `json:"source,omitempty"`
	// Span is how many columns the caret underlines; at least 1.
	Span int `json:"span,omitempty"`
}

// String is the finding for a person: place and message, the source line with
// a caret below it, and the hint. Nothing in it is obeyed by a terminal.
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", d.Position)
	if d.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(printable(d.Message))
	if line, caret := d.excerpt(); line != "" {
		fmt.Fprintf(&b, "\n    %s\n    %s", line, caret)
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "\n    hint: %s", printable(d.Hint))
	}
	return b.String()
}

// The part of a long source line that is shown, in characters: enough before
// the caret to know the place, and what follows it.
const (
	excerptBefore = 60
	excerptMost   = 160
)

// excerpt is the source line and the line with the caret, or nothing where
// there is no line, or the place is beyond what is kept of it.
func (d Diagnostic) excerpt() (line, caret string) {
	runes := []rune(d.Source)
	at := d.Column - 1
	if len(runes) == 0 || at < 0 || at > len(runes) {
		return "", ""
	}
	to := min(at+max(d.Span, 1), len(runes))
	before, under, after := runes[:at], runes[at:to], runes[to:]
	head, tail := "", ""
	if len(runes) > excerptMost {
		if len(before) > excerptBefore {
			head, before = "…", before[len(before)-excerptBefore:]
		}
		if most := max(excerptMost-len(before)-len(under), 0); len(after) > most {
			tail, after = "…", after[:most]
		}
	}
	shown := func(r []rune) string { return printable(string(r)) }
	line = head + shown(before) + shown(under) + shown(after) + tail
	return line, blank(head+shown(before)) + strings.Repeat("^", max(displaywidth.String(shown(under)), 1))
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

// printable replaces what a terminal would obey, or would show in another
// order than it is written in.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return '?'
		}
		return r
	}, s)
}

// blank is as wide as the text is on a terminal: tabs stay tabs.
func blank(s string) string {
	parts := strings.Split(s, "\t")
	for i, part := range parts {
		parts[i] = strings.Repeat(" ", displaywidth.String(part))
	}
	return strings.Join(parts, "\t")
}

// Invalid is the error of a manifest that cannot be loaded: every finding at
// once, in file and line order.
type Invalid struct {
	Diagnostics []Diagnostic
	// More is how many further errors there are, which are not told.
	More int
}

// Error counts the errors, and says which it is where there is one.
func (e *Invalid) Error() string {
	var errs []Diagnostic
	for _, d := range e.Diagnostics {
		if d.Severity == SeverityError {
			errs = append(errs, d)
		}
	}
	if len(errs)+e.More == 1 {
		return fmt.Sprintf("the manifest has an error: %s: %s", errs[0].Position, errs[0].Message)
	}
	if e.More > 0 {
		return fmt.Sprintf("the manifest has %d errors, of which %d are told", len(errs)+e.More, len(errs))
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
