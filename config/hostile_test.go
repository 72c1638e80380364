package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// invalid is the error of a manifest that has errors.
func invalid(t *testing.T, text string, files ...string) *Invalid {
	t.Helper()
	_, err := load(t, text, files...)
	var bad *Invalid
	if !errors.As(err, &bad) {
		t.Fatalf("the error is %v", err)
	}
	return bad
}

// Where findings are many, the errors among them count, however late they
// come: warnings used to push them out, and the manifest was valid.
func TestWarningsDoNotHideErrors(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nservices:\n")
	for i := range maxFindings + 50 {
		fmt.Fprintf(&b, "  s%d: {command: x, cron: {expression: '@daily'}}\n", i)
	}
	b.WriteString("  last: {comand: x}\n")
	bad := invalid(t, b.String())
	if got := bad.Error(); got != "the manifest has 2 errors" {
		t.Error(got)
	}
	if last := bad.Diagnostics[len(bad.Diagnostics)-1]; !strings.Contains(last.Message, "comand") {
		t.Error(last)
	}
}

func TestErrorsBeyondTheToldOnesAreCounted(t *testing.T) {
	text := "version: 1\nservices:\n"
	for i := range maxFindings + 7 {
		text += fmt.Sprintf("  s%d: {command: x, zz: 1}\n", i)
	}
	bad := invalid(t, text)
	if got := bad.Error(); got != "the manifest has 207 errors, of which 200 are told" || bad.More != 7 {
		t.Errorf("%q, %d more", got, bad.More)
	}
}

// A few lines of variables that name each other can stand for more text than
// there is memory.
func TestVariablesThatDouble(t *testing.T) {
	vars := "V0: xxxxxxxxxx\n"
	for i := range 60 {
		vars += fmt.Sprintf("V%d: '${V%d}${V%[2]d}'\n", i+1, i)
	}
	bad := invalid(t, "version: 1\nenv:\n  vars:\n    "+strings.ReplaceAll(strings.TrimSpace(vars), "\n", "\n    ")+"\nservices: {a: {command: x}}\n")
	if !strings.Contains(bad.Diagnostics[0].Message, "longer than 131071 bytes") {
		t.Error(bad.Diagnostics[0])
	}
}

// Nor do many uses of a long one take all memory.
func TestVariablesUsedALot(t *testing.T) {
	text := "version: 1\nenv: {vars: {B: '" + strings.Repeat("b", maxText-10) + "'}}\nservices:\n  a: {exec: [" + strings.Repeat("'${B}',", 1000) + "]}\n"
	if bad := invalid(t, text); len(bad.Diagnostics) != 1 || !strings.Contains(bad.Diagnostics[0].Message, "more than 64 MiB") {
		t.Errorf("%d findings, the first %v", len(bad.Diagnostics), bad.Diagnostics[0].Message)
	}
}

// A key that counts for nothing is told.
func TestRestartKeysWithoutRestarts(t *testing.T) {
	for text, warned := range map[string]bool{
		"max_restarts: 3": true, "backoff: 1s\nrestart_policy: never": true,
		"max_restarts: 3\nrestart_policy: always": false, "restart_reset: 1s\nrestart_policy: ${P:-on-failure}": false,
	} {
		if plan := mustLoad(t, manifestOf(text)); (len(plan.Warnings) > 0) != warned {
			t.Errorf("%s: %v", text, plan.Warnings)
		}
	}
}

func TestTooManyUnits(t *testing.T) {
	text := "version: 1\nservices:\n"
	for i := range maxUnits/maxReplicas + 1 {
		text += fmt.Sprintf("  s%d: {command: x, replicas: %d}\n", i, maxReplicas)
	}
	if bad := invalid(t, text); !strings.Contains(bad.Diagnostics[0].Message, "more than 20000 units") {
		t.Error(bad.Diagnostics)
	}
}

// Replicas share their list of dependencies: a thousand on a thousand is not
// a million edges.
func TestReplicasOfReplicas(t *testing.T) {
	plan := mustLoad(t, "version: 1\nservices:\n  a: {command: x, replicas: 1000}\n  b: {command: x, replicas: 1000, depends_on: [a]}\n")
	units := plan.Projects[0].Units
	if len(units) != 2000 || len(units[1999].Depends) != 1000 || &units[1000].Depends[0] != &units[1999].Depends[0] {
		t.Errorf("%d units, %d edges", len(units), len(units[1999].Depends))
	}
}

func TestAReplicaNamedTwice(t *testing.T) {
	d := invalid(t, "version: 1\nservices:\n  a: {command: x, replicas: 2}\n  b: {command: x, depends_on: [a, a.2]}\n").Diagnostics
	if len(d) != 1 || d[0].Column != 35 || d[0].Message != "service b names a.2 twice in depends_on" {
		t.Errorf("%v", d)
	}
	plan := mustLoad(t, "version: 1\nservices:\n  a: {command: x, replicas: 2}\n  b: {command: x, depends_on: [a.2]}\n")
	if deps := plan.Projects[0].Units[2].Depends; len(deps) != 1 || deps[0].Unit != "a.2" {
		t.Errorf("%v", deps)
	}
}

func TestPlacesOfBadBytes(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
	}{
		{"version: 1\nservices: {a: {command: \"é\xff\"}}\n", 2, 27},
		{"\ufeff\xffversion: 1\n", 1, 1},
		{"version: 1\r\x00\n", 2, 1},
		{"version: 1\n\u2028 a\x1b", 3, 3},
	} {
		d := invalid(t, c.text).Diagnostics[0]
		if d.Line != c.line || d.Column != c.column || !strings.Contains(d.Message, "UTF-8") && !strings.Contains(d.Message, "control character") {
			t.Errorf("%s", d)
		}
	}
	d := invalid(t, "version: 1\nenv: {file: x.env}\nservices: {a: {command: x}}\n", "x.env", "A=1\nB=\xe9\n").Diagnostics[0]
	if filepath.Base(d.File) != "x.env" || d.Line != 2 || d.Column != 3 {
		t.Errorf("%s", d)
	}
}

// A byte order mark and the line ends of other systems change nothing, also
// not the columns.
func TestByteOrderMarkAndLineEnds(t *testing.T) {
	d := invalid(t, "\ufeffversio: 1\r\nservices:\r\n  a: {command: x, zz: 1}\r\n").Diagnostics
	if d[0].Column != 1 || d[0].Source != "versio: 1" || d[2].Line != 3 || d[2].Column != 19 || d[2].Source != "  a: {command: x, zz: 1}" {
		t.Errorf("%+v", d)
	}
	u := mustLoad(t, "\ufeffversion: 1\r\nenv: {file: x.env}\r\nservices:\r\n  a:\r\n    command: |\r\n      one\r\n      two\r\n",
		"x.env", "\ufeffA=1\r\nB=\"x\r\ny\"\r\nC='z'\r\n").Projects[0].Units[0]
	if u.Command != "one\ntwo\n" || !slices.Equal(u.Env, []EnvVar{{"A", "1"}, {"B", "x\ny"}, {"C", "z"}}) {
		t.Errorf("%q %q", u.Command, u.Env)
	}
}

func TestLinesOfEnvFiles(t *testing.T) {
	plan := mustLoad(t, "version: 1\nenv: {file: x.env}\nservices: {a: {command: x}}\n", "x.env", `
# a comment
EMPTY=
NOTHING= # a comment
HASH=a#b
EQUALS=x=y
export	TAB=1
export   BLANKS=2
exported=3
SINGLE='${NOPE} \n # x' # a comment
DOUBLE="a\tb \"c\" \\ \$HOME \${NOPE}"
LINES="one
two"
JOINED="one\
two"
SHELL=$HOME
LAST=no newline`)
	want := []EnvVar{
		{"BLANKS", "2"},
		{"DOUBLE", "a\tb \"c\" \\ $HOME ${NOPE}"},
		{"EMPTY", ""},
		{"EQUALS", "x=y"},
		{"HASH", "a#b"},
		{"JOINED", "onetwo"},
		{"LAST", "no newline"},
		{"LINES", "one\ntwo"},
		{"NOTHING", ""},
		{"SHELL", "$HOME"},
		{"SINGLE", `${NOPE} \n # x`},
		{"TAB", "1"},
		{"exported", "3"},
	}
	if got := plan.Projects[0].Units[0].Env; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// The order of hooks is that of the manifest's keys, each time it is read: a
// plan that differed from itself would restart units.
func TestHooksKeepTheirOrder(t *testing.T) {
	const text = "command: x\nhooks: {onerr: two, onstart: one}"
	for range 20 {
		hooks := one(t, text).Hooks
		if hooks[0].Command != "one" || hooks[1].Command != "two" {
			t.Fatalf("%+v", hooks)
		}
	}
}

func TestAProjectNameWithoutServices(t *testing.T) {
	plan := mustLoad(t, "version: 2\nproject: shop\nprojects: {a: {services: {w: {command: x}}}}\n")
	if len(plan.Warnings) != 1 || plan.Warnings[0].Line != 2 {
		t.Errorf("%v", plan.Warnings)
	}
}

func TestAScheduleThatIsNeverDue(t *testing.T) {
	for expression, due := range map[string]bool{"0 0 0 31 2 *": false, "0 0 30 2 *": false, "0 0 0 29 2 1": true, "@daily": true, "*/5 * * * * *": true} {
		plan := mustLoad(t, fmt.Sprintf("version: 1\nservices: {a: {command: x, cron: {expression: %q}}}\n", expression))
		never := slices.ContainsFunc(plan.Warnings, func(d Diagnostic) bool { return strings.Contains(d.Message, "never due") })
		if never == due {
			t.Errorf("%s: %v", expression, plan.Warnings)
		}
	}
}

// What YAML 1.1 read as true and false is a name, and no value of ours.
func TestAlmostBooleans(t *testing.T) {
	for _, word := range []string{"yes", "no", "on", "Off", "y", "N"} {
		if bad := invalid(t, manifestOf("skip: "+word)); len(bad.Diagnostics) != 1 {
			t.Errorf("%s: %v", word, bad.Diagnostics)
		}
		mustLoad(t, "version: 1\nservices: {"+word+": {command: x}}\n")
	}
	if u := one(t, `{command: x, skip: "yes"}`); u.Skip.Command != "yes" {
		t.Errorf("%+v", u.Skip)
	}
	for word, always := range map[string]bool{"${S:-true}": true, "${S:-false}": false} {
		if u := one(t, "command: x\nskip: "+word); u.Skip != (Skip{Always: always}) {
			t.Errorf("%s is %+v", word, u.Skip)
		}
	}
}

func TestTooLargeAManifest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "systemg.yaml")
	if err := os.WriteFile(path, []byte(strings.Repeat("#", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, Options{})
	var read *ReadError
	if !errors.As(err, &read) || !strings.Contains(err.Error(), "larger than 4 MiB") || read.Try() == "" {
		t.Errorf("%v", err)
	}
}

// Identical units are units of their own, also in two projects.
func TestIdenticalUnitsStayApart(t *testing.T) {
	plan := mustLoad(t, "version: 2\nprojects:\n  p: {services: {a: &a {command: x}, b: *a}}\n  q: {services: {a: *a}}\n")
	var ids []string
	for _, p := range plan.Projects {
		for _, u := range p.Units {
			ids = append(ids, u.ID())
		}
	}
	if !slices.Equal(ids, []string{"p/a", "p/b", "q/a"}) {
		t.Errorf("%q", ids)
	}
}
