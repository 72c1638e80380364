package config

import (
	"errors"
	"fmt"
	"strings"
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
	span int
	text string
	hint string
}

func (e *expansionError) Error() string { return e.text }

// expandDepth bounds how deep defaults may nest.
const expandDepth = 20

// expand replaces ${VAR}, ${VAR:-default}, ${VAR-default}, ${VAR:?message},
// ${VAR?message} and $$ as POSIX shells do (POSIX.1-2017, Shell Command
// Language, 2.6.2). Any other dollar stays: $VAR is the shell's.
func expand(text string, s *scope) (string, error) {
	return expandAt(text, s, 0, 0)
}

func expandAt(text string, s *scope, base, depth int) (string, error) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "$$"):
			b.WriteByte('$')
			i += 2
		case strings.HasPrefix(text[i:], "${"):
			end := closing(text, i+2)
			if end < 0 || depth > expandDepth {
				return "", &expansionError{at: base + i, span: 2, text: "${ without its }", hint: "write $${ for the two characters themselves"}
			}
			value, err := reference(text[i+2:end], s, base+i, depth)
			if err != nil {
				return "", err
			}
			b.WriteString(value)
			i = end + 1
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String(), nil
}

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
func reference(inside string, s *scope, at, depth int) (string, error) {
	n := 0
	for n < len(inside) && isNameByte(inside[n], n == 0) {
		n++
	}
	name, rest := inside[:n], inside[n:]
	span := len(inside) + 3
	if name == "" {
		return "", &expansionError{at: at, span: span, text: fmt.Sprintf("${%s} names no variable", inside), hint: "write $${ for the two characters themselves"}
	}
	value, set := s.lookup(name)
	missing := !set
	if strings.HasPrefix(rest, ":") {
		missing = value == ""
		rest = rest[1:]
	}
	switch {
	case rest == "" && strings.HasSuffix(inside, ":"), rest != "" && rest[0] != '-' && rest[0] != '?':
		return "", &expansionError{at: at, span: span, text: fmt.Sprintf("cannot read ${%s}", inside), hint: "the forms are ${VAR}, ${VAR:-default} and ${VAR:?message}; $${ stands for the two characters themselves"}
	case !missing:
		return value, nil
	case strings.HasPrefix(rest, "-"):
		return expandAt(rest[1:], s, at+3+n, depth+1)
	case strings.HasPrefix(rest, "?"):
		message := rest[1:]
		if message == "" {
			message = "it has to be set"
		}
		return "", &expansionError{at: at, span: span, text: fmt.Sprintf("%s is not set: %s", name, message)}
	}
	return "", &expansionError{at: at, span: span, text: fmt.Sprintf("the variable %s is not set", name), hint: fmt.Sprintf("set it in env.vars or the environment, or write ${%s:-default}", name)}
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

// asExpansion is an error of expand.
func asExpansion(err error) *expansionError {
	var e *expansionError
	if errors.As(err, &e) {
		return e
	}
	return &expansionError{text: err.Error(), span: 1}
}
