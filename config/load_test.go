package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// load reads a manifest from a folder called demo, beside other files.
func load(t *testing.T, text string, files ...string) (*Plan, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "systemg.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load(path, Options{Env: []string{"HOME=/home/me", "LEVEL=caller", "EMPTY="}})
}

func mustLoad(t *testing.T, text string, files ...string) *Plan {
	t.Helper()
	plan, err := load(t, text, files...)
	if err != nil {
		var invalid *Invalid
		if errors.As(err, &invalid) {
			for _, d := range invalid.Diagnostics {
				t.Log(d)
			}
		}
		t.Fatal(err)
	}
	return plan
}

// one is the only unit of a manifest whose services block is text.
func one(t *testing.T, text string, files ...string) Unit {
	t.Helper()
	plan := mustLoad(t, "version: \"1\"\nservices:\n  web:\n    "+strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")+"\n", files...)
	return plan.Projects[0].Units[0]
}

func TestDefaults(t *testing.T) {
	u := one(t, "command: serve")
	want := Unit{
		Project: "demo", Name: "web", Base: "web", Kind: Service, Command: "serve",
		Restart: RestartNever, RestartReset: 10 * time.Second,
		Backoff:    Backoff{Initial: 100 * time.Millisecond, Factor: 2, Max: 30 * time.Second, Jitter: 0.1},
		Stop:       Stop{Signal: "SIGTERM", Timeout: 10 * time.Second},
		Logs:       Logs{Sink: "file", MaxBytes: 10 << 20, MaxFiles: 5},
		Deployment: Deployment{Strategy: "immediate"},
	}
	want.Dir, want.Pos, want.Env = u.Dir, u.Pos, u.Env
	if !reflect.DeepEqual(u, want) {
		t.Errorf("got  %+v\nwant %+v", u, want)
	}
	if filepath.Base(u.Dir) != "demo" || u.Pos.Line != 3 || len(u.Env) != 0 {
		t.Errorf("dir %s, pos %v, env %v", u.Dir, u.Pos, u.Env)
	}
}

func TestEveryKeyOfAPlainUnit(t *testing.T) {
	u := one(t, `
exec: [serve, "-p", 8080]
type: oneshot
working_dir: sub
restart_policy: on-failure
backoff: {initial: 1s, factor: 3, max: 1m, jitter: 0}
max_restarts: 7
restart_reset: 1m
skip: test -e done
stop_signal: int
stop_timeout: 1m30s
stop_command: bye
logs: {sink: none, max_bytes: 1M, max_files: 2}
deployment: {pre_start: make}
`)
	seven := 7
	if !slices.Equal(u.Exec, []string{"serve", "-p", "8080"}) || u.Kind != Oneshot || filepath.Base(u.Dir) != "sub" ||
		u.Restart != RestartOnFailure || u.Backoff != (Backoff{Initial: time.Second, Factor: 3, Max: time.Minute}) ||
		*u.MaxRestarts != seven || u.RestartReset != time.Minute || u.Skip != (Skip{Command: "test -e done"}) ||
		u.Stop != (Stop{Signal: "SIGINT", Timeout: 90 * time.Second, Command: "bye"}) ||
		u.Logs != (Logs{Sink: "none", MaxBytes: 1 << 20, MaxFiles: 2}) || u.Deployment.PreStart != "make" {
		t.Errorf("%+v", u)
	}
	if fixed := one(t, "command: x\nbackoff: 5"); fixed.Backoff != (Backoff{Initial: 5 * time.Second, Factor: 1, Max: 5 * time.Second}) {
		t.Errorf("a fixed delay is %+v", fixed.Backoff)
	}
	if always := one(t, "command: x\nskip: true"); !always.Skip.Always {
		t.Errorf("skip: true is %+v", always.Skip)
	}
}

func TestEnvironmentAndItsOrder(t *testing.T) {
	plan := mustLoad(t, `
version: 1
env:
  file: root.env
  vars: {B: root-vars, PATHS: "${HOME}/bin"}
services:
  web:
    command: run ${A} ${B} ${LEVEL} ${EMPTY:-fallback} ${NOPE:-${A}} $$HOME $HOME
    env:
      file: [unit.env]
      vars: {C: "${B}!", N: 1, Y: yes, NOTHING: }
`, "root.env", "A=root-file\nB=root-file\n", "unit.env", `# comment
export B="unit file \"quoted\"" # more
LITERAL='${A} as it is'
MULTI="two
lines ${A}"
BARE = spaced out  # comment
`)
	u := plan.Projects[0].Units[0]
	want := []EnvVar{
		{"A", "root-file"},
		{"B", `unit file "quoted"`},
		{"BARE", "spaced out"},
		{"C", `unit file "quoted"!`},
		{"LITERAL", "${A} as it is"},
		{"MULTI", "two\nlines root-file"},
		{"N", "1"},
		{"NOTHING", ""},
		{"PATHS", "/home/me/bin"},
		{"Y", "yes"},
	}
	if !slices.Equal(u.Env, want) {
		t.Errorf("got  %q\nwant %q", u.Env, want)
	}
	if u.Command != `run root-file unit file "quoted" caller fallback root-file $HOME $HOME` {
		t.Errorf("command %q", u.Command)
	}
	if len(plan.Files) != 3 || plan.Digest == "" {
		t.Errorf("files %v, digest %q", plan.Files, plan.Digest)
	}
}

func TestEnvFileErrorsHaveTheirOwnPlace(t *testing.T) {
	_, err := load(t, "version: 1\nenv: {file: x.env}\nservices: {a: {command: b}}\n", "x.env", "OK=1\nnot a line\nBAD=${NOPE}\nOPEN='\n")
	var invalid *Invalid
	if !errors.As(err, &invalid) || len(invalid.Diagnostics) != 3 {
		t.Fatalf("%v", err)
	}
	for i, d := range invalid.Diagnostics {
		if filepath.Base(d.File) != "x.env" || d.Line != i+2 {
			t.Errorf("%v", d)
		}
	}
}

func TestDependencies(t *testing.T) {
	plan := mustLoad(t, `
version: "2"
project: shop
services:
  db: {command: db}
  job: {command: job, type: oneshot}
  web:
    command: web
    replicas: 2
    depends_on:
      db: {condition: started, cascade: false}
      job:
  proxy: {command: proxy, depends_on: [web]}
`)
	units := plan.Projects[0].Units
	if len(units) != 5 || units[2].Name != "web.1" || units[3].Replica != 2 || units[3].Replicas != 2 {
		t.Fatalf("%+v", units)
	}
	deps := func(u Unit) []Dependency {
		list := slices.Clone(u.Depends)
		for i := range list {
			list[i].Pos = Position{}
		}
		return list
	}
	if got := deps(units[2]); !slices.Equal(got, []Dependency{{Unit: "db", Condition: CondStarted}, {Unit: "job", Condition: CondReady, Cascade: true}}) {
		t.Errorf("web.1 depends on %+v", got)
	}
	if got := deps(units[4]); len(got) != 2 || got[0].Unit != "web.1" || got[1].Unit != "web.2" {
		t.Errorf("proxy depends on %+v", got)
	}
}

func TestProjectsOfVersion2(t *testing.T) {
	plan := mustLoad(t, `
version: 2
env: {vars: {A: root, B: root}}
projects:
  one: {env: {vars: {B: "one"}}, services: {web: {exec: [a], hooks: {onstart: echo, onerr: {command: echo}}}}}
  two: {services: {web: {exec: [b], deployment: {blue_green: {env_var: SLOT, slots: [a, b], switch_command: "s {slot}"}}}}}
`)
	if len(plan.Projects) != 2 || plan.Projects[0].ID != "one" || plan.Projects[1].Units[0].ID() != "two/web" {
		t.Fatalf("%+v", plan.Projects)
	}
	if got := plan.Projects[0].Units[0].Env; !slices.Equal(got, []EnvVar{{"A", "root"}, {"B", "one"}}) {
		t.Errorf("env %v", got)
	}
	if got := plan.Projects[0].Units[0].Hooks; len(got) != 3 {
		t.Errorf("hooks %+v", got)
	}
}

// What only root can do is a warning where the supervisor is somebody else's:
// the unit will be refused, and the others run.
func TestWhatOnlyRootCanDoIsNamed(t *testing.T) {
	const text = `
version: 1
services:
  web:
    command: web
    user: www-data
    supplementary_groups: [logs]
    limits: {nice: -5, nofile: 100, oom_score_adj: 10}
  own:
    command: own
    user: me
    limits: {nice: 5, oom_score_adj: -10}
`
	path := filepath.Join(t.TempDir(), "systemg.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"user, supplementary_groups, a nice below 0, an oom_score_adj below 0": {Self: "me"},
		"": {System: true},
	} {
		plan, err := Load(path, o)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, w := range plan.Warnings {
			key, _, _ := strings.Cut(strings.TrimPrefix(w.Message, "only root can carry out "), ":")
			keys = append(keys, key)
		}
		if got := strings.Join(keys, ", "); got != want {
			t.Errorf("%+v: warnings about %q, want %q", o, got, want)
		}
	}
}

func TestYAMLThatIsOftenMisread(t *testing.T) {
	plan := mustLoad(t, "\ufeffversion: \"1\"\r\nx: &base\r\n"[:0]+`
version: "1"
services:
  on: &web {command: a, env: {vars: {A: no}}}
  no: {<<: *web, command: b, depends_on: [on]}
  "007": {command: c}
`)
	var names []string
	for _, u := range plan.Projects[0].Units {
		names = append(names, u.Name)
	}
	if !slices.Equal(names, []string{"on", "no", "007"}) {
		t.Errorf("%q", names)
	}
	if u := plan.Projects[0].Units[1]; u.Command != "b" || !slices.Equal(u.Env, []EnvVar{{"A", "no"}}) {
		t.Errorf("%+v", u)
	}
}

func TestWhatIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "the manifest is empty"},
		"a list":           {"- a", "the manifest is empty, or not a map"},
		"no version":       {"services: {a: {command: b}}", "does not say its version"},
		"no services":      {"version: 1", "has no services"},
		"two documents":    {"version: 1\nservices: {a: {command: b}}\n---\na: 1\n", "more than one document"},
		"bad name":         {"version: 1\nservices: {a/b: {command: b}}", `has a '/'`},
		"cron and restart": {"version: 1\nservices: {a: {command: b, cron: {expression: '@daily'}, restart_policy: always}}", "has restart_policy always"},
		"cron and health":  {"version: 1\nservices: {a: {command: b, cron: {expression: '@daily'}, health_check: {tcp: 'x:1'}}}", "has a health_check"},
		"oneshot always":   {"version: 1\nservices: {a: {command: b, type: oneshot, restart_policy: always}}", "cannot be always"},
		"collision":        {"version: 1\nservices: {a: {command: b, replicas: 2}, a.1: {command: c}}", `two units "a.1"`},
		"NUL":              {"version: 1\nservices: {a: {command: \"b\\0\"}}", "NUL byte"},
		"bomb":             {bomb(), "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.text)
			var invalid *Invalid
			if !errors.As(err, &invalid) {
				t.Fatalf("%v", err)
			}
			if !slices.ContainsFunc(invalid.Diagnostics, func(d Diagnostic) bool { return strings.Contains(d.Message, c.want) }) {
				t.Errorf("%v", invalid.Diagnostics)
			}
		})
	}
}

// bomb is a manifest whose aliases stand for a billion nodes.
func bomb() string {
	var b strings.Builder
	b.WriteString("version: 1\na0: &a0 [x]\n")
	for i := 1; i < 10; i++ {
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [")
		for range 10 {
			b.WriteString("*a" + string(rune('0'+i-1)) + ",")
		}
		b.WriteString("]\n")
	}
	return b.String()
}

func TestMissingManifest(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "systemg.yaml"), Options{})
	var read *ReadError
	if !errors.As(err, &read) || read.Try() == "" {
		t.Errorf("%v", err)
	}
}

func TestDiffNamesKeys(t *testing.T) {
	a := one(t, "command: a\nenv: {vars: {X: 1, Y: 2}}")
	b := one(t, "command: b\nenv: {vars: {X: 2, Z: 3}}\nstop_timeout: 1s\nlogs: {max_files: 3}")
	b.Dir = a.Dir
	want := []string{"command", "env.vars.X", "env.vars.Y", "env.vars.Z", "logs", "stop_timeout"}
	if got := Diff(&a, &b); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := Diff(&a, &a); len(got) != 0 {
		t.Errorf("a unit differs from itself in %q", got)
	}
}

func TestScalars(t *testing.T) {
	for s, want := range map[string]time.Duration{"500ms": 500 * time.Millisecond, "5": 5 * time.Second, "1.5": 1500 * time.Millisecond, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour} {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("%s is %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-1s", "5 minutes", "1x", "s", "1e300", "NaN", "Inf"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q is %s", s, got)
		}
	}
	for s, want := range map[string]int64{"512M": 512 << 20, "1.5k": 1536, "2GiB": 2 << 30, "7": 7, "0": 0} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("%s is %d, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{"TERM": "SIGTERM", "sigint": "SIGINT", "9": "SIGKILL", "RTMIN+3": "SIGRTMIN+3", "SIGRTMAX-1": "SIGRTMIN+29"} {
		if _, got, err := ParseSignal(s); err != nil || got != want {
			t.Errorf("%s is %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "FOO", "0", "65", "RTMIN+99"} {
		if _, got, err := ParseSignal(s); err == nil {
			t.Errorf("%q is %s", s, got)
		}
	}
	if !Near("comand", "command") || !Near("wbe", "web") || Near("web", "database") {
		t.Error("near is off")
	}
}
