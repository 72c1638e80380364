package cli

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"systemg/config"
)

// values read the values of flags, so that a mistake is told in the words of a
// person, and lengths of time are written as in a manifest. A value that
// begins with a hyphen is a negative number, not a flag.
func values() []kong.Option {
	return []kong.Option{
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(readDuration)),
		kong.KindMapper(reflect.Int, kong.MapperFunc(readInt)),
		kong.KindMapper(reflect.Uint64, kong.MapperFunc(readUint)),
	}
}

// word is the value of a flag; ok is false where the line ends or another flag
// follows.
func word(ctx *kong.DecodeContext) (text string, ok bool) {
	t := ctx.Scan.Pop()
	text = fmt.Sprint(t.Value)
	return text, !t.IsEOL() && (t.IsValue() || isNegative(text))
}

func readDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	text, ok := word(ctx)
	if !ok {
		return fmt.Errorf("needs a length of time: 500ms, 5s, 2m, 1h30m; a bare number is seconds")
	}
	d, err := config.ParseDuration(text)
	if err != nil {
		return err
	}
	target.SetInt(int64(d))
	return nil
}

func readInt(ctx *kong.DecodeContext, target reflect.Value) error {
	text, ok := word(ctx)
	n, err := strconv.Atoi(text)
	if !ok || err != nil {
		return notNumber(text, ok)
	}
	target.SetInt(int64(n))
	return nil
}

func readUint(ctx *kong.DecodeContext, target reflect.Value) error {
	text, ok := word(ctx)
	n, err := strconv.ParseUint(text, 10, 64)
	if !ok || err != nil {
		return notNumber(text, ok)
	}
	target.SetUint(n)
	return nil
}

func notNumber(text string, ok bool) error {
	if !ok {
		return fmt.Errorf("needs a number")
	}
	return fmt.Errorf("%q is no number that can stand here", text)
}

// wording turns the parser's sentences into ones about the command line rather
// than about the parser.
var wording = []struct {
	found, says string
}{
	{`^(\S+): expected \w+ value but got "EOL" .*$`, `$1 needs a value`},
	{`^(\S+): expected \w+ value but got "(.*)" \(.*\); perhaps try .*$`, `$1 needs a value; write $1=$2 if $2 is meant`},
	{`^expected "<([^>]*)>.*"$`, `it needs a $1`},
	{`^<(\w+)> must be one of (.*) but got (.*)$`, `there is no $1 $3: it is one of $2`},
	{`^(\S+) must be one of (.*) but got (.*)$`, `there is no $1 $3: it is one of $2`},
	{`^unexpected argument (\S+), did you mean (.*)\?$`, `there is no command "$1": did you mean $2?`},
}

// said is a sentence of the parser in this program's words. Where no command
// was found yet, what was not expected was to be one.
func said(text string, command bool) string {
	if rest, ok := strings.CutPrefix(text, "unexpected argument "); ok && !command && !strings.Contains(rest, ",") {
		return fmt.Sprintf("there is no command %q", rest)
	}
	for _, w := range wording {
		if found := regexp.MustCompile(w.found); found.MatchString(text) {
			return found.ReplaceAllString(text, w.says)
		}
	}
	return text
}
