package config

import (
	"bytes"
	"regexp"
	"sort"
	"sync"
	"unicode/utf8"
)

// notText is the offset of the first byte that no manifest and no env file
// may have, and what is wrong with it; -1 where there is none. YAML forbids
// the same (YAML 1.2.2, 5.1), and a NUL would end the file without a word.
func notText(data []byte) (at int, what string) {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			return i, "is not valid UTF-8"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0xfffe, r == 0xffff:
			return i, "has a control character"
		}
		i += n
	}
	return -1, ""
}

// lineBreak is what ends a line for the YAML parser: those of YAML 1.1 too.
var lineBreak = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("\r\n|\r|\n|\u0085|\u2028|\u2029")
})

// starts are the offsets at which the lines of a file begin.
func (l *loader) starts(path string) []int {
	list, known := l.lines[path]
	if !known {
		list = []int{0}
		for _, at := range lineBreak().FindAllIndex(l.contents[path], -1) {
			list = append(list, at[1])
		}
		l.lines[path] = list
	}
	return list
}

// byteOrderMark may begin a file, and counts for nothing.
var byteOrderMark = []byte("\ufeff")

// place is where a byte of a file stands.
func (l *loader) place(path string, at int) Position {
	starts := l.starts(path)
	line := sort.SearchInts(starts, at+1)
	before := bytes.TrimPrefix(l.contents[path][starts[line-1]:at], byteOrderMark)
	return Position{File: path, Line: line, Column: utf8.RuneCount(before) + 1}
}

// line is the source line of a place, without its end.
func (l *loader) line(pos Position) string {
	data, starts := l.contents[pos.File], l.starts(pos.File)
	if pos.Line < 1 || pos.Line > len(starts) {
		return ""
	}
	end := len(data)
	if pos.Line < len(starts) {
		end = starts[pos.Line]
	}
	line := bytes.TrimRight(data[starts[pos.Line-1]:end], "\r\n\u0085\u2028\u2029")
	if pos.Line == 1 {
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	return clip(string(line))
}

// clip shortens a line that nobody would read.
func clip(s string) string {
	const most = 4000
	if len(s) > most*utf8.UTFMax {
		s = s[:most*utf8.UTFMax] + "…"
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
