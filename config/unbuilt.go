package config

import "slices"

// unbuiltKeys are the keys of a unit whose behaviour this version cannot carry
// out. A unit that sets one refuses to start.
var unbuiltKeys = []string{
	"user", "group", "supplementary_groups", "limits", "capabilities", "isolation",
}

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
	slices.SortStableFunc(u.Unbuilt, func(a, b Unbuilt) int { return a.Pos.Line - b.Pos.Line })
}
