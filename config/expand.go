package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// scope finds variables: its own first, then those around it.
type scope struct {
	vars  map[string]string
	outer *scope
}

func (s *scope) lookup(name string) (string, bool) {
	for ; s != nil; s = s.outer {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return "", false
}

// environScope is a scope of NAME=VALUE.
func environScope(list []string) *scope {
	s := &scope{vars: make(map[string]string, len(list))}
	for _, kv := range list {
		if name, value, ok := strings.Cut(kv, "="); ok {
			s.vars[name] = value
		}
	}
	return s
}

// expansionError is what is wrong with a ${…}, at a byte of the text.
type expansionError struct {
	at   int
	span int // in bytes
	text string
	hint string
}

// The bounds of an expansion. The kernel takes no argument or variable that
// is longer (MAX_ARG_STRLEN, execve(2)), and a few lines of variables that
// name each other twice can stand for more text than there is memory.
const (
	expandDepth  = 20
	expandFaults = 50 // of one text, that are told
	maxText      = 128<<10 - 1
)

// expansion replaces ${VAR}, ${VAR:-default}, ${VAR-default}, ${VAR:?message},
// ${VAR?message} and $$ as POSIX shells do (POSIX.1-2017, Shell Command
// Language, 2.6.2). Any other dollar stays: $VAR is the shell's.
type expansion struct {
	scope *scope
	wrong []*expansionError
}

// expand is the text with everything replaced, and all that is wrong with it.
func expand(text string, s *scope) (string, []*expansionError) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	e := &expansion{scope: s}
	value := e.replace(text, 0, 0)
	if len(value) > maxText && e.wrong == nil {
		e.fail(0, len(text), fmt.Sprintf("the text is longer than %d bytes once its variables are filled in", maxText), "that is more than a program can be given; leave it to the shell: $VAR")
	}
	return value, e.wrong
}

func (e *expansion) fail(at, span int, text, hint string) {
	e.wrong = append(e.wrong, &expansionError{at: at, span: span, text: text, hint: hint})
}

// replace expands a part of the text, which begins at byte base.
func (e *expansion) replace(text string, base, depth int) string {
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() <= maxText && len(e.wrong) < expandFaults; {
		switch {
		case strings.HasPrefix(text[i:], "$$"):
			b.WriteByte('$')
			i += 2
		case strings.HasPrefix(text[i:], "${"):
			end := closing(text, i+2)
			switch {
			case end < 0:
				e.fail(base+i, 2, "${ without its }", dollarHint)
				return ""
			case depth > expandDepth:
				e.fail(base+i, 2, fmt.Sprintf("more than %d defaults inside each other", expandDepth), "put some into env.vars")
				return ""
			}
			b.WriteString(e.reference(text[i+2:end], base+i, depth))
			i = end + 1
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String()
}

// dollarHint is for what only looks like a reference.
const dollarHint = "write $${ for the two characters themselves"

// closing is the index of the brace that closes the one before from, -1 for
// none.
func closing(text string, from int) int {
	depth := 1
	for i := from; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// reference is the value of what stands between the braces.
func (e *expansion) reference(inside string, at, depth int) string {
	n := 0
	for n < len(inside) && isNameByte(inside[n], n == 0) {
		n++
	}
	name, rest := inside[:n], inside[n:]
	span := len(inside) + 3
	if name == "" {
		e.fail(at, span, fmt.Sprintf("${%s} names no variable", inside), dollarHint)
		return ""
	}
	value, set := e.scope.lookup(name)
	missing := !set
	colon := strings.HasPrefix(rest, ":")
	if colon {
		missing = value == ""
		rest = rest[1:]
	}
	switch {
	case rest == "" && colon, rest != "" && rest[0] != '-' && rest[0] != '?':
		e.fail(at, span, fmt.Sprintf("cannot read ${%s}", inside), "the forms are ${VAR}, ${VAR:-default} and ${VAR:?message}; $${ stands for the two characters themselves")
	case !missing:
		return value
	case strings.HasPrefix(rest, "-"):
		return e.replace(rest[1:], at+2+len(inside)-len(rest)+1, depth+1)
	case strings.HasPrefix(rest, "?"):
		message := rest[1:]
		if message == "" {
			message = "it has to be set"
		}
		state := "not set"
		if set {
			state = "empty"
		}
		e.fail(at, span, fmt.Sprintf("%s is %s: %s", name, state, message), "set it in env.vars or the environment")
	default:
		e.fail(at, span, fmt.Sprintf("the variable %s is not set", name), fmt.Sprintf("set it in env.vars or the environment, or write ${%s:-default}", name))
	}
	return ""
}

func isNameByte(c byte, first bool) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || !first && c >= '0' && c <= '9'
}

// isName is whether a variable may be called so.
func isName(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i], i == 0) {
			return false
		}
	}
	return s != ""
}

// badExpansion notes what is wrong with the ${…} of a text, each at its place.
func (d *decoder) badExpansion(n *node, wrong []*expansionError) {
	for _, e := range wrong {
		reference := n.value[e.at:min(e.at+e.span, len(n.value))]
		pos := d.occurrence(n, reference, strings.Count(n.value[:e.at], reference))
		d.errorf(pos, utf8.RuneCountInString(reference), e.hint, "%s", e.text)
	}
}

// occurrence is where a part of a text stands in the file: a folded or quoted
// text is another there, but its references are the same. It is where the
// text begins if it cannot be told.
func (d *decoder) occurrence(n *node, part string, skip int) Position {
	if strings.Contains(part, "\n") || part == "" {
		return n.pos
	}
	pos := n.pos
	// Folding makes a blank of a line's end; a block begins a line later.
	for lines := strings.Count(n.value, "\n") + strings.Count(n.value, " ") + 2; lines > 0; lines-- {
		source := []rune(d.line(pos))
		for rest := string(source[min(max(pos.Column-1, 0), len(source)):]); ; skip-- {
			at := strings.Index(rest, part)
			if at < 0 {
				break
			}
			pos.Column += utf8.RuneCountInString(rest[:at])
			if skip == 0 {
				return pos
			}
			rest = rest[at+len(part):]
			pos.Column += utf8.RuneCountInString(part)
		}
		pos.Line, pos.Column = pos.Line+1, 1
	}
	return n.pos
}
