package config

// mode notes what a unit asks for and only root can give, where the manifest is
// read for a supervisor of somebody else: those units will refuse to start, and
// the others run. With --sys the supervisor will be root, whoever reads.
func (d *decoder) mode(o object, u *Unit) {
	if d.o.Root || d.o.System {
		return
	}
	add := func(o object, name, key string) {
		d.note(SeverityWarning, o.pos(name), len(name), "run it by sudo sysg --sys, or take the key away",
			"only root can carry out %s: %s will refuse to start", key, u.Name)
	}
	for _, name := range []string{"user", "group", "supplementary_groups", "capabilities"} {
		if o.has(name) && (name != "user" || u.Privileges.User != d.o.Self) {
			add(o, name, name)
		}
	}
	p := u.Privileges
	limits := object{d: d, n: o.get("limits")}
	if p.Nice != nil && *p.Nice < 0 {
		add(limits, "nice", "a nice below 0")
	}
	if p.OOMScoreAdj != nil && *p.OOMScoreAdj < 0 {
		add(limits, "oom_score_adj", "an oom_score_adj below 0")
	}
}
