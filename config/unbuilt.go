package config

import "slices"

// unbuiltKeys are the keys of a unit whose behaviour this version cannot carry
// out. A unit that sets one refuses to start.
var unbuiltKeys = []string{}

// unbuiltLimits are those of its limits.
var unbuiltLimits = []string{}

// unbuilt notes the keys of a unit that cannot be carried out.
func (d *decoder) unbuilt(o object, u *Unit) {
	add := func(o object, name, key string) {
		if !o.has(name) {
			return
		}
		pos := o.pos(name)
		u.Unbuilt = append(u.Unbuilt, Unbuilt{Key: key, Pos: pos})
		d.note(SeverityWarning, pos, len(name), "take the key away, or use a version of sysg that has it",
			"this version cannot carry out %s: %s will refuse to start", key, u.Name)
	}
	for _, name := range unbuiltKeys {
		add(o, name, name)
	}
	if limits := o.get("limits"); limits != nil && limits.kind == mapNode {
		for _, name := range unbuiltLimits {
			add(object{d: d, n: limits}, name, "limits."+name)
		}
	}
	slices.SortStableFunc(u.Unbuilt, func(a, b Unbuilt) int { return a.Pos.Line - b.Pos.Line })
}
