package supervisor

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"systemg/supervisor/privilege"
	"systemg/supervisor/unit"
)

// private are the names that belong to one service and never pass from the
// supervisor's own environment into another's.
var private = []string{
	"SYSG_PROJECT", "SYSG_SERVICE", "SYSG_RUN", "SYSG_STEP", "SYSG_REPLICA",
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
	"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "MAINPID", "SYSG_ACTIVATED",
}

// base is an environment that units begin with: without what is private, each
// name once. It does not change.
type base struct {
	from  []string
	list  []string
	index map[string]int
}

// lastBase is the base that was made last: the units of a project share one.
var lastBase atomic.Pointer[base]

func baseOf(from []string) *base {
	if b := lastBase.Load(); b != nil && len(b.from) == len(from) && (len(from) == 0 || &b.from[0] == &from[0]) {
		return b
	}
	b := &base{from: from, index: make(map[string]int, len(from))}
	for _, kv := range from {
		name, _, ok := strings.Cut(kv, "=")
		if !ok || name == "" || slices.Contains(private, name) {
			continue
		}
		if i, ok := b.index[name]; ok {
			b.list[i] = kv
			continue
		}
		b.index[name] = len(b.list)
		b.list = append(b.list, kv)
	}
	lastBase.Store(b)
	return b
}

// environ is an environment that is being put together; later values win, each
// name once.
type environ struct {
	base *base
	list []string
	more map[string]int // where the names beyond the base's stand in list
}

func (e *environ) add(name, value string) {
	kv := name + "=" + value
	i, ok := e.base.index[name]
	if !ok {
		i, ok = e.more[name]
	}
	if ok {
		e.list[i] = kv
		return
	}
	e.more[name] = len(e.list)
	e.list = append(e.list, kv)
}

// environment is the base environment, what follows from the unit's user, what
// the manifest adds, and what every service is told about itself.
func environment(one job, plan privilege.Plan) []string {
	def, b := one.def, &base{}
	if !plan.Clean {
		b = baseOf(one.base)
	}
	e := environ{base: b, more: map[string]int{}, list: append(make([]string, 0, len(b.list)+len(def.Env)+8), b.list...)}
	if one.home != "" && !plan.Clean {
		// So that sysg, called from inside, finds this supervisor.
		e.add("SYSG_STATE_DIR", one.home)
	}
	for _, v := range slices.Concat(plan.Environ, def.Env) {
		e.add(v.Name, v.Value)
	}
	e.add("SYSG_PROJECT", def.Project)
	e.add("SYSG_SERVICE", def.Name)
	e.add("SYSG_RUN", strconv.FormatUint(one.run, 10))
	if one.step != unit.NoStep {
		// So that it can be told from the main process.
		e.add("SYSG_STEP", string(one.step))
	}
	if def.Replica > 0 {
		e.add("SYSG_REPLICA", strconv.Itoa(def.Replica))
	}
	if g := def.Deployment.BlueGreen; g != nil && g.EnvVar != "" {
		e.add(g.EnvVar, one.slots.own)
	}
	if one.step == unit.StopCommand && one.main > 0 {
		e.add("MAINPID", strconv.Itoa(one.main))
	}
	if one.aside != nil {
		for _, v := range one.aside.Env {
			e.add(v.Name, v.Value)
		}
	}
	return e.list
}
