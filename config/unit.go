package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The defaults of a unit.
const (
	defaultBackoffInitial = 100 * time.Millisecond
	defaultBackoffFactor  = 2
	defaultBackoffMax     = 30 * time.Second
	defaultBackoffJitter  = 0.1
	defaultRestartReset   = 10 * time.Second
	defaultStopSignal     = "SIGTERM"
	defaultStopTimeout    = 10 * time.Second
	defaultLogBytes       = 10 << 20
	defaultLogFiles       = 5
	maxReplicas           = 1000
)

// defaultUnit is a unit about which nothing was said.
func defaultUnit(project, name, dir string) Unit {
	return Unit{
		Project: project, Name: name, Base: name, Kind: Service, Dir: dir,
		Restart: RestartNever, RestartReset: defaultRestartReset,
		Backoff: Backoff{
			Initial: defaultBackoffInitial, Factor: defaultBackoffFactor,
			Max: defaultBackoffMax, Jitter: defaultBackoffJitter,
		},
		Stop:       Stop{Signal: defaultStopSignal, Timeout: defaultStopTimeout},
		Logs:       Logs{Sink: "file", MaxBytes: defaultLogBytes, MaxFiles: defaultLogFiles},
		Deployment: Deployment{Strategy: "immediate"},
	}
}

// Adhoc is the unit of a command that no manifest names: it runs once.
func Adhoc(project, name string, exec []string, dir string) Unit {
	u := defaultUnit(project, name, dir)
	u.Exec = exec
	return u
}

// unit reads one unit, as many times as it has replicas.
func (d *decoder) unit(project string, p pair, around environment, file string) []Unit {
	d.checkName(p.pos, utf8.RuneCountInString(p.key), p.key)
	u := defaultUnit(project, p.key, filepath.Dir(file))
	u.Pos = p.pos
	if p.value.bad {
		return nil
	}
	if p.value.kind == nullNode {
		d.errorf(p.pos, len(p.key), "write command: or exec: below it", "the unit %q is empty", p.key)
		return nil
	}
	if p.value.kind != mapNode && find(unitKeys, p.key).name != "" {
		d.wrong(p.value, fmt.Sprintf("service %s has to be a map, not %s", p.key, p.value.kind), "if it is a key of the unit above, indent it further")
		return nil
	}
	o := d.object(p.value, "service "+p.key, unitKeys)
	if o.n == nil {
		return nil
	}
	env := around.with(d.environment(o.get("env")))
	u.Env = env.sorted()
	u.Privileges.InheritEnv = env.inherit
	d.program(o, &u)
	d.lifecycle(o, &u)
	u.Depends = d.dependencies(o, u.Name)
	d.health(o, &u)
	d.deployment(o, &u)
	d.extras(o, &u)
	d.privileges(o, &u)
	d.cron(o, &u)
	d.listeners(o, &u)
	d.mode(o, &u)
	d.coherent(o, &u)
	return replicate(u, o.integer("replicas", 0))
}

// replicate makes name.1 to name.n of a unit; 0 leaves it as it is.
func replicate(u Unit, n int) []Unit {
	if n == 0 {
		return []Unit{u}
	}
	list := make([]Unit, n)
	for i := range list {
		list[i] = u
		list[i].Replica, list[i].Replicas = i+1, n
		list[i].Name = fmt.Sprintf("%s.%d", u.Base, i+1)
	}
	return list
}

// program reads what is run and where.
func (d *decoder) program(o object, u *Unit) {
	switch {
	case o.has("command") && o.has("exec"):
		d.errorf(o.pos("exec"), len("exec"), "keep one of them: command runs by a shell, exec without one", "service %s has both command and exec", u.Name)
	case o.has("command") && o.get("command").kind == listNode:
		d.wrong(o.get("command"), "command has to be text, not a list", "a list of a program and its arguments is exec:")
	case o.has("exec") && o.get("exec").kind == scalarNode:
		d.wrong(o.get("exec"), "exec has to be a list, not a value", "a command line is command:; or write [program, argument]")
	case o.has("command"):
		s, ok := d.text(o.get("command"), "command")
		if ok && strings.TrimSpace(s) == "" {
			d.wrong(o.get("command"), "command is empty", "write a command line, or take the unit away")
		}
		u.Command = s
	case o.has("exec"):
		u.Exec = o.texts("exec", false)
		if n := o.get("exec"); n.kind == listNode && (len(n.items) == 0 || len(u.Exec) > 0 && u.Exec[0] == "") {
			d.wrong(n, "exec names no program", `write exec: ["program", "argument"]`)
		}
	case o.given("command"), o.given("exec"):
		// It could not be read, which is told already.
	default:
		d.errorf(u.Pos, len(u.Name), "write command: (run by a shell) or exec: (a list) below it", "service %s has neither command nor exec", u.Name)
	}
	dir := o.text("working_dir")
	if dir == "~" || strings.HasPrefix(dir, "~/") {
		n := o.get("working_dir")
		d.note(SeverityWarning, n.pos, utf8.RuneCountInString(n.value), "write ${HOME} for the home folder", "working_dir of %s begins with a folder that is called ~", u.Name)
	}
	u.Dir = d.path(first(dir, u.Dir))
	if o.word("type", string(Service)) == string(Oneshot) {
		u.Kind = Oneshot
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// lifecycle reads how the unit is restarted, stopped and logged.
func (d *decoder) lifecycle(o object, u *Unit) {
	u.Restart = RestartPolicy(o.word("restart_policy", string(RestartNever)))
	if u.Kind == Oneshot && u.Restart == RestartAlways {
		d.wrong(o.get("restart_policy"), "a oneshot ends by itself: restart_policy cannot be always", "use on-failure, or type: service")
	}
	d.backoff(o, u)
	if o.has("max_restarts") {
		n := o.integer("max_restarts", 0)
		u.MaxRestarts = &n
	}
	u.RestartReset = o.duration("restart_reset", u.RestartReset)
	policy := o.get("restart_policy")
	never := policy == nil || policy.value == string(RestartNever)
	for _, name := range []string{"backoff", "max_restarts", "restart_reset"} {
		if never && o.has(name) {
			d.note(SeverityWarning, o.pos(name), len(name), "add restart_policy: on-failure, or take it away",
				"%s of %s counts for nothing: its restart_policy is never", name, u.Name)
		}
	}
	d.skip(o, u)
	if n := o.get("stop_signal"); n != nil {
		if s, ok := d.text(n, "stop_signal"); ok {
			_, name, err := ParseSignal(s)
			if err != nil {
				d.wrong(n, "stop_signal: "+err.Error(), "a signal is like SIGTERM, TERM or 15")
			} else {
				u.Stop.Signal = name
			}
		}
	}
	u.Stop.Timeout = o.duration("stop_timeout", u.Stop.Timeout)
	u.Stop.Command = o.text("stop_command")
	l := d.object(o.get("logs"), "logs", logKeys)
	u.Logs.Sink = l.word("sink", u.Logs.Sink)
	u.Logs.MaxBytes = l.size("max_bytes", u.Logs.MaxBytes)
	u.Logs.MaxFiles = l.integer("max_files", u.Logs.MaxFiles)
}

func (d *decoder) backoff(o object, u *Unit) {
	n := o.get("backoff")
	if n == nil {
		return
	}
	if n.kind == scalarNode {
		fixed := o.duration("backoff", u.Backoff.Initial)
		u.Backoff = Backoff{Initial: fixed, Factor: 1, Max: fixed}
		return
	}
	b := d.object(n, "backoff", backoffKeys)
	u.Backoff.Initial = b.duration("initial", u.Backoff.Initial)
	u.Backoff.Factor = b.number("factor", u.Backoff.Factor)
	u.Backoff.Max = b.duration("max", max(u.Backoff.Max, u.Backoff.Initial))
	u.Backoff.Jitter = b.number("jitter", u.Backoff.Jitter)
	if u.Backoff.Max < u.Backoff.Initial {
		d.wrong(b.get("max"), "max is shorter than initial", "make it longer, or initial shorter")
	}
}

// almostBooleans are what YAML 1.1 and people take for true and false. As a
// command, "yes" would never end.
var almostBooleans = []string{"y", "yes", "on", "n", "no", "off", "0", "1"}

func (d *decoder) skip(o object, u *Unit) {
	n := o.get("skip")
	if n == nil {
		return
	}
	s, ok := d.text(n, "skip")
	switch {
	case !ok:
	case !n.quoted && slices.Contains(booleans, s):
		u.Skip.Always = o.boolean("skip", false)
	case !n.quoted && slices.Contains(almostBooleans, strings.ToLower(s)):
		d.wrong(n, fmt.Sprintf("skip cannot be %q", s), "write true or false; a command of that name goes into quotes")
	case strings.TrimSpace(s) == "":
		d.wrong(n, "skip is empty", "it is true, false, or a command")
	default:
		u.Skip.Command = s
	}
}
