package privilege

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/privilege/stage"
)

// builder gathers the orders of one unit.
type builder struct {
	f      Facts
	plan   Plan
	orders stage.Orders
	// held is whether the unit must not gain anything by an exec.
	held bool
}

// Of is the plan of a unit. The error is a *Refusal.
func Of(p *config.Privileges, f Facts) (Plan, error) {
	if !Asks(p) && !f.DropPrivileges {
		return Plan{}, nil
	}
	if err := Refused(p, f); err != nil {
		return Plan{}, err
	}
	b := &builder{f: f}
	for _, part := range []func(*config.Privileges) error{b.identity, b.limits, b.capabilities, b.isolation, b.confine} {
		if err := part(p); err != nil {
			return Plan{}, err
		}
	}
	b.plan.Orders, b.plan.Cgroup = &b.orders, cgroup(p)
	return b.plan, nil
}

// rlimits are the names of limits, in the order in which they are set.
var rlimits = []struct {
	name     string
	resource int
}{
	{"nofile", unix.RLIMIT_NOFILE},
	{"nproc", unix.RLIMIT_NPROC},
	{"memlock", unix.RLIMIT_MEMLOCK},
	{"core", unix.RLIMIT_CORE},
	{"stack", unix.RLIMIT_STACK},
}

// limits are rlimits, soft and hard alike, and what the scheduler and the OOM
// killer are told.
func (b *builder) limits(p *config.Privileges) error {
	for _, r := range rlimits {
		l, ok := p.Limits[r.name]
		if !ok {
			continue
		}
		value, text := l.Value, strconv.FormatUint(l.Value, 10)
		if l.Unlimited {
			value, text = stage.Unlimited, "unlimited"
		}
		b.orders.Rlimits = append(b.orders.Rlimits, stage.Rlimit{
			Resource: r.resource, Soft: value, Hard: value, Text: fmt.Sprintf("limit %s to %s", r.name, text),
		})
	}
	b.orders.Nice, b.orders.Affinity, b.orders.OOM = p.Nice, p.CPUAffinity, p.OOMScoreAdj
	return nil
}
