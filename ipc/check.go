package ipc

import (
	"path/filepath"
	"slices"
	"strings"
)

// What a request may ask for is checked where it is decoded, as strictly as
// the command line is: every check method belongs to one kind of params, and
// its error, which is an *Error of CodeUsage, names the member. What only the
// supervisor knows (units, signals, patterns) it checks itself.

// checker is params that can be wrong in more than their types.
type checker interface{ check() error }

// The bounds of what a request may name.
const (
	maxNames = 10_000
	maxName  = 256
	// maxSecs is the longest time, in seconds: 30 years.
	maxSecs = 1e9
)

func wrong(format string, a ...any) error { return Errorf(CodeUsage, "params: "+format, a...) }

func (s Selection) check() error {
	if len(s.Units) > maxNames {
		return wrong(`"units" may have %d names, not %d: without any it means all`, maxNames, len(s.Units))
	}
	for _, name := range s.Units {
		if err := checkName("units", name); err != nil {
			return err
		}
	}
	return checkProject(s.Project)
}

func checkName(member, name string) error {
	switch {
	case name == "":
		return wrong("%q has an empty name", member)
	case len(name) > maxName:
		return wrong("%q has a name of %d bytes: no name has more than %d", member, len(name), maxName)
	}
	return nil
}

func checkProject(name string) error {
	if name == "" {
		return nil
	}
	return checkName("project", name)
}

func checkSecs(member string, secs float64) error {
	switch {
	case secs < 0:
		return wrong("%q cannot be negative", member)
	case secs > maxSecs:
		return wrong("%q cannot be more than %.0f seconds", member, maxSecs)
	}
	return nil
}

func (m Manifest) check() error {
	switch {
	case m.Path == "" && len(m.Env) > 0:
		return wrong(`"env" belongs to a "path", or to "adhoc"`)
	case m.Path != "" && !filepath.IsAbs(m.Path):
		return wrong(`"path" has to be absolute, not %s`, clipped([]byte(m.Path)))
	case strings.ContainsRune(m.Path, 0):
		return wrong(`"path" has a NUL character`)
	}
	return checkEnv(m.Env)
}

func checkEnv(env []string) error {
	for _, one := range env {
		if name, _, _ := strings.Cut(one, "="); strings.ContainsRune(one, 0) {
			return wrong(`"env" has a NUL character in %s`, clipped([]byte(name)))
		}
	}
	return nil
}

// needed checks a manifest that a request cannot do without.
func (m Manifest) needed() error {
	if m.Path == "" {
		return wrong(`"path" has to name a manifest`)
	}
	return m.check()
}

func firstWrong(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p InspectParams) check() error {
	return firstWrong(checkName("unit", p.Unit), checkProject(p.Project), checkSecs("window_secs", p.WindowSecs))
}

func (p WhyParams) check() error {
	return firstWrong(checkName("unit", p.Unit), checkProject(p.Project))
}

func (p GraphParams) check() error { return checkProject(p.Project) }

func (p PurgeParams) check() error { return checkProject(p.Project) }

func (p EventsParams) check() error {
	if p.Limit < 0 {
		return wrong(`"limit" cannot be negative: 0 means all`)
	}
	return p.Selection.check()
}

// logKinds are the kinds of output; that of the supervisor stands alone.
var logKinds = []string{"stdout", "stderr", "supervisor"}

func (p LogsParams) check() error {
	own := slices.Contains(p.Kinds, "supervisor")
	switch {
	case own && len(p.Kinds) > 1:
		return wrong(`"kinds" has "supervisor" beside others: the supervisor's log is read alone`)
	case own && (len(p.Units) > 0 || p.Run != 0 || p.UntilDown):
		return wrong(`the supervisor's log has no "units", no "run" and no "until_down"`)
	case p.Lines < -1:
		return wrong(`"lines" has to be a number of lines, or -1 for all`)
	case !p.Since.IsZero() && !p.Until.IsZero() && p.Until.Before(p.Since):
		return wrong(`"until" is before "since"`)
	case !p.Follow && (p.UntilDown || p.Newest):
		return wrong(`"until_down" and "newest" belong to "follow"`)
	case !p.UntilDown && len(p.Down) > 0:
		return wrong(`"down" belongs to "until_down"`)
	}
	for _, name := range p.Down {
		if err := checkName("down", name); err != nil {
			return err
		}
	}
	for i, kind := range p.Kinds {
		if !slices.Contains(logKinds, kind) {
			return wrong(`"kinds" has %q: it is stdout, stderr or supervisor`, clipped([]byte(kind)))
		}
		if slices.Contains(p.Kinds[:i], kind) {
			return wrong(`"kinds" has %q twice`, kind)
		}
	}
	return p.Selection.check()
}

func (p StartParams) check() error {
	if err := firstWrong(p.Selection.check(), checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation)); err != nil {
		return err
	}
	if p.Adhoc == nil {
		return p.Manifest.check()
	}
	if p.Path != "" || len(p.Units) > 0 {
		return wrong(`"adhoc" starts a command: it goes with neither "path" nor "units"`)
	}
	return firstWrong(checkEnv(p.Env), p.Adhoc.check())
}

func (a *Adhoc) check() error {
	switch {
	case len(a.Exec) == 0 || a.Exec[0] == "":
		return wrong(`"adhoc.exec" has no command`)
	case slices.ContainsFunc(append([]string{a.Dir}, a.Exec...), func(s string) bool { return strings.ContainsRune(s, 0) }):
		return wrong(`"adhoc" has a NUL character in "exec" or "dir"`)
	case !filepath.IsAbs(a.Dir):
		return wrong(`"adhoc.dir" has to be an absolute path`)
	case a.ParentPID < 0:
		return wrong(`"adhoc.parent_pid" cannot be negative`)
	}
	return checkSecs("adhoc.ttl_secs", a.TTLSecs)
}

func (p SpawnParams) check() error {
	switch {
	case p.Name == "":
		return wrong(`"name" is missing`)
	case len(p.Exec) == 0 || p.Exec[0] == "":
		return wrong(`"exec" has no command`)
	case slices.ContainsFunc(append([]string{p.Dir}, p.Exec...), func(s string) bool { return strings.ContainsRune(s, 0) }):
		return wrong(`"exec" or "dir" has a NUL character`)
	case !filepath.IsAbs(p.Dir):
		return wrong(`"dir" has to be an absolute path`)
	case p.ParentPID < 0:
		return wrong(`"parent_pid" cannot be negative`)
	}
	return firstWrong(checkName("name", p.Name), checkSecs("ttl_secs", p.TTLSecs), checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation))
}

func (p StopParams) check() error {
	if p.Supervisor && (len(p.Units) > 0 || p.Project != "") {
		return wrong(`"supervisor" stops everything: it goes with neither "units" nor "project"`)
	}
	return firstWrong(p.Selection.check(), checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation))
}

func (p RestartParams) check() error {
	return firstWrong(p.Selection.check(), p.Manifest.check(), checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation))
}

func (p PlanParams) check() error { return firstWrong(p.needed(), checkProject(p.Project)) }

func (p ApplyParams) check() error {
	return firstWrong(p.needed(), checkProject(p.Project), checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation))
}

func (p WaitParams) check() error {
	return firstWrong(p.Selection.check(), checkSecs("timeout_secs", p.TimeoutSecs))
}
