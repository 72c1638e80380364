package config

import "slices"

// unbuiltKeys are the keys of a unit whose behaviour this version cannot carry
// out. A unit that sets one refuses to start.
var unbuiltKeys = []string{
	"health_check", "sockets", "hooks", "cron", "spawn", "watch",
	"user", "group", "supplementary_groups", "limits", "capabilities", "isolation",
}

// unbuiltDeployment are those of its deployment, and unbuiltWords the words
// that no key may have.
var (
	unbuiltDeployment = []string{"health_check", "grace_period", "blue_green"}
	unbuiltWords      = map[string][]string{
		"strategy":  {"rolling"},
		"condition": {string(CondHealthy), string(CondLog)},
	}
)

// unbuilt notes the keys of a unit that cannot be carried out.
func (d *decoder) unbuilt(o object, u *Unit) {
	add := func(key string, pos Position, span int) {
		u.Unbuilt = append(u.Unbuilt, Unbuilt{Key: key, Pos: pos})
		d.note(SeverityWarning, pos, span, "take the key away, or use a version of sysg that has it",
			"this version cannot carry out %s: %s will refuse to start", key, u.Name)
	}
	for _, name := range unbuiltKeys {
		if o.has(name) {
			add(name, o.pos(name), len(name))
		}
	}
	dep := object{d: d, n: o.get("deployment")}
	for _, name := range unbuiltDeployment {
		if dep.has(name) {
			add("deployment."+name, dep.pos(name), len(name))
		}
	}
	if slices.Contains(unbuiltWords["strategy"], u.Deployment.Strategy) {
		add("deployment.strategy: "+u.Deployment.Strategy, dep.pos("strategy"), len("strategy"))
	}
	for _, e := range u.Depends {
		if slices.Contains(unbuiltWords["condition"], string(e.Condition)) {
			add("condition: "+string(e.Condition), e.Pos, len(e.Unit))
		}
	}
	slices.SortStableFunc(u.Unbuilt, func(a, b Unbuilt) int { return a.Pos.Line - b.Pos.Line })
}
