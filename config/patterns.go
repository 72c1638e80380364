package config

import (
	"regexp"
	"strings"
	"sync"
)

// What texts look like, in the part of regular expressions that Go and JSON
// Schema (ECMA-262) share. The schema is made of these; the decoder says more
// precisely what is wrong.
const (
	filledPattern   = `\S`
	namePattern     = `^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$`
	variablePattern = `^[A-Za-z_][A-Za-z0-9_]*$`
	webPattern      = `^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]`
	addressPattern  = `:0*[1-9][0-9]{0,4}$`
	listenPattern   = `^(tcp://.*:0*[1-9][0-9]{0,4}|unix:///.*)$`
	socketPattern   = `^[!-9;-~]{0,255}$`
	modePattern     = `^(0o)?0*[0-7]{1,3}$`
	cpuMaxPattern   = `^\s*(max|0*[1-9][0-9]{3,})(\s+0*[1-9][0-9]{3,})?\s*$`
	intPattern      = `^([+-]?[0-9]+|0x[0-9A-Fa-f]+|0o[0-7]+)$`
	numberPattern   = `^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`
	// A duration or a size is zero if it has no digit but zeros.
	zeroPattern = `^[^1-9$]*$`

	decimal         = `([0-9]+\.?[0-9]*|\.[0-9]+)`
	durationPattern = `^\s*(` + decimal + `([eE][+-]?[0-9]+)?|(` + decimal + `(d|h|ms|us|µs|ns|m|s))+)\s*$`
	sizePattern     = `^\s*` + decimal + `\s*([Bb]|[KMGTkmgt]([Ii]?[Bb])?)?\s*$`
)

// They are compiled when they are needed: most commands read no manifest.
var (
	durationText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(durationPattern) })
	sizeText     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(sizePattern) })
)

// signals are the names Linux has for them (signal(7)); a real-time one is
// told apart by its number.
var signals = strings.Fields(`
	HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG
	XCPU XFSZ VTALRM PROF WINCH IO PWR SYS`)

// foldCase is a pattern for a word in capital and small letters.
func foldCase(word string) string {
	var b strings.Builder
	for _, r := range word {
		if low := strings.ToLower(string(r)); low != string(r) {
			b.WriteString("[" + string(r) + low + "]")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// oneOfWords is a pattern for one of several words, with or without a prefix,
// in capital and small letters.
func oneOfWords(prefix string, words []string) string {
	list := make([]string, 0, len(words))
	for _, w := range words {
		list = append(list, foldCase(strings.TrimPrefix(w, prefix)))
	}
	return "(" + foldCase(prefix) + ")?(" + strings.Join(list, "|") + ")"
}
