package privilege

import (
	"maps"

	"systemg/config"
)

// Restraints are what a process can be seen to be kept from and can never shake
// off again, however its numbers, its parents and its markers change.
type Restraints struct {
	// NoNewPrivs, Filtered and Apart are no_new_privs, a seccomp filter and
	// a user namespace of its own.
	NoNewPrivs, Filtered, Apart bool
	// Lost are the capabilities that are not in its bounding set.
	Lost Set
}

// RestraintsOf are those of every process of a unit with these privileges, as
// long as it is the supervisor's user; ok is false where it is another one.
func RestraintsOf(p *config.Privileges, f Facts) (r Restraints, ok bool) {
	q := *p
	if q.Isolation["seccomp"] != "" {
		// That there is a filter is all that matters, also where the file of
		// its profile is gone.
		q.Isolation = maps.Clone(p.Isolation)
		q.Isolation["seccomp"] = config.SeccompDefault
	}
	plan, err := Of(&q, f)
	if err != nil || plan.Orders == nil {
		return Restraints{}, err == nil
	}
	o := plan.Orders
	if o.Identity != nil && o.Identity.UID != f.UID {
		return Restraints{}, false
	}
	return Restraints{
		NoNewPrivs: o.NoNewPrivs, Filtered: len(o.Filter) > 0, Apart: o.Namespaces&userNamespace != 0, Lost: Set(o.Drop),
	}, true
}

// userNamespace is CLONE_NEWUSER (linux/sched.h).
const userNamespace = 0x10000000

// None is whether nothing is seen.
func (r Restraints) None() bool { return r == Restraints{} }

// Beyond are those that another does not have.
func (r Restraints) Beyond(o Restraints) Restraints {
	return Restraints{
		NoNewPrivs: r.NoNewPrivs && !o.NoNewPrivs, Filtered: r.Filtered && !o.Filtered, Apart: r.Apart && !o.Apart, Lost: r.Lost &^ o.Lost,
	}
}

// Include is whether all of another's are among them.
func (r Restraints) Include(o Restraints) bool { return o.Beyond(r).None() }
