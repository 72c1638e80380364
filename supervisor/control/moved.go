package control

import (
	"fmt"
	"slices"
	"strings"

	"systemg/config"
	"systemg/supervisor"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// takenOver are the warnings of moved. A hint that cannot be read is no reason
// to fail: nothing is known then.
func (s *server) takenOver(src *supervisor.Source) []config.Diagnostic {
	before, err := s.dir.Hint()
	if err != nil {
		return nil
	}
	return moved(before, src, s.sup.Snapshot())
}

// moved warns where a start takes a project over from another manifest whose
// units run on: two folders of one name make one project, and nobody meant
// that. Before is what was remembered until now.
func moved(before store.Hint, src *supervisor.Source, snap *supervisor.Snapshot) []config.Diagnostic {
	var list []config.Diagnostic
	for _, p := range src.Plan.Projects {
		old := before.Manifests[p.ID]
		if old == "" || old == src.Plan.File {
			continue
		}
		left := strangers(p, snap)
		if len(left) == 0 {
			continue
		}
		list = append(list, config.Diagnostic{
			Position: config.Position{File: src.Plan.File, Line: 1, Column: 1}, Severity: config.SeverityWarning,
			Message: fmt.Sprintf("project %s was that of %s, whose %s run on beside these", p.ID, old, strings.Join(head(left), ", ")),
			Hint:    "where two projects were meant, give one of them a name of its own: project: NAME",
		})
	}
	return list
}

// strangers are the names of the project's units that are wanted up and that
// this manifest does not have.
func strangers(p config.Project, snap *supervisor.Snapshot) []string {
	var list []string
	for _, v := range snap.Units {
		own := slices.ContainsFunc(p.Units, func(u config.Unit) bool { return u.Name == v.Def.Name })
		if v.Def.Project == p.ID && !own && !v.Adhoc && v.Unit.Desired == unit.Up {
			list = append(list, v.Def.Name)
		}
	}
	return list
}
