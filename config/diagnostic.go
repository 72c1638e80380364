package config

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

// Invalid is the error of a manifest that cannot be loaded: every finding at
// once, in file and line order.
type Invalid struct{ Diagnostics []Diagnostic }
