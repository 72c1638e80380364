package overlay

import (
	"strings"
	"unicode/utf8"

	"systemg/tui/widget"
)

// maxInput is the longest text that can be typed, in bytes.
const maxInput = 256

// input is a line that is typed at its end.
type input string

// edit takes a key that changes the text, and says whether it was one.
func (in *input) edit(key string) bool {
	s := string(*in)
	switch key {
	case "backspace", "ctrl+h":
		_, n := utf8.DecodeLastRuneInString(s)
		*in = input(s[:len(s)-n])
		return n > 0
	case "ctrl+u":
		*in = ""
	case "ctrl+w":
		s = strings.TrimRight(s, " ")
		*in = input(s[:strings.LastIndexByte(s, ' ')+1])
	default:
		if utf8.RuneCountInString(key) != 1 {
			return false
		}
		in.add(key)
	}
	return true
}

// add takes typed or pasted text.
func (in *input) add(text string) {
	text = widget.Words(strings.TrimSpace(text) + blankEnd(text))
	if len(*in)+len(text) <= maxInput {
		*in += input(text)
	}
}

// blankEnd is the blank that a text ends with, if it does.
func blankEnd(text string) string {
	if strings.HasSuffix(text, " ") {
		return " "
	}
	return ""
}
