package health

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds, in bytes, what a stranger's words add to a text.
const maxText = 120

// maxStatus bounds a STATUS= in bytes.
const maxStatus = 256

// plain makes a stranger's words fit for a line on a terminal: white space and
// control characters become single blanks, what is no text a replacement
// character, and what goes past limit bytes an ellipsis.
func plain(words string, limit int) string {
	var b strings.Builder
	blank := false
	for _, r := range words {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) && r != utf8.RuneError {
			blank = b.Len() > 0
			continue
		}
		room := utf8.RuneLen(r)
		if blank {
			room++
		}
		if b.Len()+room > limit {
			b.WriteString("…")
			return b.String()
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
