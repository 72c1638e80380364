package logs

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// mostNeedles is how many texts are worth looking for.
const mostNeedles = 8

// needles are texts one of which is in whatever a pattern matches, nil where there
// is no telling. To look for them is so much faster than to match that lines are
// only matched where one was found.
func needles(re *regexp.Regexp) [][]byte {
	if re == nil {
		return nil
	}
	parsed, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	return required(parsed.Simplify())
}

func required(re *syntax.Regexp) [][]byte {
	switch re.Op {
	case syntax.OpLiteral:
		return literal(re)
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpConcat:
		var best [][]byte
		for _, sub := range re.Sub {
			if list := required(sub); shortest(list) > shortest(best) {
				best = list
			}
		}
		return best
	case syntax.OpAlternate:
		var all [][]byte
		for _, sub := range re.Sub {
			list := required(sub)
			if all = append(all, list...); len(list) == 0 || len(all) > mostNeedles {
				return nil
			}
		}
		return all
	default:
		return nil
	}
}

// literal is nil for text in any case, and for the rune that also stands for bytes
// that are none.
func literal(re *syntax.Regexp) [][]byte {
	if re.Flags&syntax.FoldCase != 0 {
		return nil
	}
	for _, r := range re.Rune {
		if r == utf8.RuneError {
			return nil
		}
	}
	return [][]byte{[]byte(string(re.Rune))}
}

// shortest is the length of the shortest text, 0 for none.
func shortest(list [][]byte) int {
	n := 0
	for i, text := range list {
		if i == 0 || len(text) < n {
			n = len(text)
		}
	}
	return n
}

// firstOf is where the first of the texts is found, the length where none is.
func firstOf(buf []byte, texts [][]byte) int {
	for _, text := range texts {
		if i := bytes.Index(buf, text); i >= 0 {
			// The others are of interest only before that.
			buf = buf[:min(len(buf), i)]
		}
	}
	return len(buf)
}
