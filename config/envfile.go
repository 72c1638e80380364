package config

import (
	"strings"
	"unicode/utf8"
)

// envLine is one assignment of an env file.
type envLine struct {
	EnvVar
	line, column int
	// literal is whether the value stood in single quotes, so that nothing
	// in it is expanded.
	literal bool
}

// envProblem is a line of an env file that cannot be read.
type envProblem struct {
	line, column int
	text, hint   string
}

// envReader reads the lines of an env file: NAME=VALUE, with comments, an
// optional "export", and values that are bare, in single quotes (taken as they
// are, over several lines) or in double quotes (with \n, \t, \", \\ and \$).
type envReader struct {
	rest     string
	line     int
	found    []envLine
	problems []envProblem
}

// lineEnds makes the line ends of other systems the usual ones.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func parseEnvFile(text string) ([]envLine, []envProblem) {
	r := &envReader{rest: lineEnds.Replace(strings.TrimPrefix(text, "\ufeff")), line: 1}
	for r.rest != "" {
		r.next()
	}
	return r.found, r.problems
}

// next reads one assignment, comment or blank line.
func (r *envReader) next() {
	line, after, _ := strings.Cut(r.rest, "\n")
	trimmed := strings.TrimLeft(line, " \t")
	column := len(line) - len(trimmed) + 1
	if trimmed == "" || trimmed[0] == '#' {
		r.rest, r.line = after, r.line+1
		return
	}
	if body, ok := strings.CutPrefix(trimmed, "export"); ok && body != strings.TrimLeft(body, " \t") {
		column += len(trimmed)
		trimmed = strings.TrimLeft(body, " \t")
		column -= len(trimmed)
	}
	name, value, ok := strings.Cut(trimmed, "=")
	if !ok || !isName(strings.TrimSpace(name)) {
		r.problem(column, "this is no NAME=VALUE", "a name has letters, digits and _; a comment begins with #")
		r.rest, r.line = after, r.line+1
		return
	}
	one := envLine{line: r.line, column: column + len(name) + 1}
	one.Name = strings.TrimSpace(name)
	lead := len(value) - len(strings.TrimLeft(value, " \t"))
	one.column += lead
	if value = value[lead:]; value == "" || value[0] != '"' && value[0] != '\'' {
		// The blanks before it make a # that follows the = a comment.
		one.Value = bare(line[len(line)-len(value)-lead:])
		r.found = append(r.found, one)
		r.rest, r.line = after, r.line+1
		return
	}
	from := len(line) - len(value)
	r.quoted(one, r.rest[from:])
}

// bare is an unquoted value: up to a comment, without the space around it.
func bare(value string) string {
	for _, mark := range []string{" #", "\t#"} {
		if at := strings.Index(value, mark); at >= 0 {
			value = value[:at]
		}
	}
	return strings.TrimSpace(value)
}

// quoted reads a value that begins with a quote and may go over several lines.
func (r *envReader) quoted(one envLine, text string) {
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case c == quote:
			r.finish(one, b.String(), quote, text[i+1:], strings.Count(text[:i], "\n"))
			return
		case c == '\\' && quote == '"' && i+1 < len(text):
			i++
			b.WriteString(unescape(text[i]))
		default:
			b.WriteByte(c)
		}
	}
	r.problem(one.column, "the quote is not closed", "end the value with the quote it begins with")
	r.rest = ""
}

// unescape is what stands for a backslash and the character after it. An
// escaped dollar is doubled, so that it is no reference.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '"', '\\':
		return string(c)
	case '$':
		return "$$"
	case '\n':
		return ""
	}
	return "\\" + string(c)
}

// finish takes the value; nothing but a comment may follow it.
func (r *envReader) finish(one envLine, value string, quote byte, after string, lines int) {
	one.Value, one.literal = value, quote == '\''
	tail, rest, _ := strings.Cut(after, "\n")
	if t := strings.TrimSpace(tail); t != "" && t[0] != '#' {
		r.line += lines
		start := strings.LastIndexByte(r.rest[:len(r.rest)-len(after)], '\n') + 1
		column := utf8.RuneCountInString(r.rest[start:len(r.rest)-len(after)]) + 1 + len(tail) - len(strings.TrimLeft(tail, " \t"))
		r.problem(column, "there is more after the closing quote", `quote the whole value; inside double quotes, \" is a quote`)
		r.line++
	} else {
		r.found = append(r.found, one)
		r.line += lines + 1
	}
	r.rest = rest
}

func (r *envReader) problem(column int, text, hint string) {
	r.problems = append(r.problems, envProblem{line: r.line, column: column, text: text, hint: hint})
}
