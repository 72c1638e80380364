package supervisor

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// ErrClosing says that the supervisor is on its way out.
var ErrClosing = errors.New("the supervisor is shutting down")

// Selection names units: by name, project/name, hash, or the base name of
// replicas. No names mean every unit of the project, no project every one.
type Selection struct {
	Units   []string
	Project string
	// Near is a folder: of a name that several projects have, the one of the
	// project whose manifest is there is meant.
	Near string
}

// UnknownUnitError says that a selection names no unit.
type UnknownUnitError struct {
	Name string
	// Known are the names there are.
	Known []string
}

func (e *UnknownUnitError) Error() string { return fmt.Sprintf("no unit is called %q", e.Name) }

// UnknownProjectError says that a selection names no project.
type UnknownProjectError struct {
	Name  string
	Known []string
}

func (e *UnknownProjectError) Error() string { return fmt.Sprintf("no project is called %q", e.Name) }

// AmbiguousError says that a name stands for units of several projects.
type AmbiguousError struct {
	Name string
	IDs  []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%q is the name of %s", e.Name, strings.Join(e.IDs, " and of "))
}

// Select resolves a selection against the units of the snapshot, in
// dependency order. Orphans are found only where they are named and
// withOrphans is true.
func (s *Snapshot) Select(sel Selection, withOrphans bool) ([]*View, error) {
	if sel.Project != "" && !s.hasProject(sel.Project) {
		return nil, &UnknownProjectError{Name: sel.Project, Known: slices.Sorted(maps.Keys(s.Projects))}
	}
	wanted := map[string]bool{}
	for _, name := range sel.Units {
		ids, err := s.nearest(name, sel, withOrphans)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			wanted[id] = true
		}
	}
	var views []*View
	for _, v := range s.Units {
		switch {
		case v.Orphaned && !withOrphans, sel.Project != "" && v.Def.Project != sel.Project:
		case len(sel.Units) == 0 || wanted[v.ID]:
			views = append(views, v)
		}
	}
	return views, nil
}

func (s *Snapshot) hasProject(id string) bool {
	if _, ok := s.Projects[id]; ok {
		return true
	}
	return slices.ContainsFunc(s.Units, func(v *View) bool { return v.Def.Project == id })
}

// nearest is the units a name stands for where the selection is made: of several
// projects that have it, the only one whose manifest is near counts.
func (s *Snapshot) nearest(name string, sel Selection, withOrphans bool) ([]string, error) {
	ids, err := s.match(name, sel.Project, withOrphans)
	if several := (*AmbiguousError)(nil); sel.Near == "" || !errors.As(err, &several) {
		return ids, err
	}
	var near [][]string
	for id, p := range s.Projects {
		if filepath.Dir(p.Manifest) != sel.Near {
			continue
		}
		if ids, err := s.match(name, id, withOrphans); err == nil {
			near = append(near, ids)
		}
	}
	if len(near) == 1 {
		return near[0], nil
	}
	return ids, err
}

// match is the units a name stands for: one, or the replicas of one base.
func (s *Snapshot) match(name, project string, withOrphans bool) ([]string, error) {
	var exact, gone, replicas, goneReplicas []string
	bases := map[string]bool{}
	for _, v := range s.Units {
		if v.Orphaned && !withOrphans || project != "" && v.Def.Project != project {
			continue
		}
		switch name {
		case v.Hash:
			exact = append(exact, v.ID)
		case v.ID, v.Def.Name:
			if v.Orphaned {
				gone = append(gone, v.ID)
				continue
			}
			exact = append(exact, v.ID)
		case v.Def.Base, v.Def.Project + "/" + v.Def.Base:
			if v.Orphaned {
				goneReplicas = append(goneReplicas, v.ID)
				continue
			}
			replicas = append(replicas, v.ID)
			bases[v.Def.Project] = true
		}
	}
	// What no manifest names any more gives way to what is in its place.
	if len(exact) == 0 && len(replicas) == 0 {
		exact = gone
	}
	if len(exact) == 0 && len(replicas) == 0 {
		for _, id := range goneReplicas {
			replicas = append(replicas, id)
			bases[id[:strings.LastIndex(id, "/")]] = true
		}
	}
	switch {
	case len(exact) == 1:
		return exact, nil
	case len(exact) > 1:
		return nil, &AmbiguousError{Name: name, IDs: exact}
	case len(bases) > 1:
		return nil, &AmbiguousError{Name: name, IDs: replicas}
	case len(replicas) > 0:
		return replicas, nil
	}
	return nil, &UnknownUnitError{Name: name, Known: s.names(project)}
}

func (s *Snapshot) names(project string) []string {
	var names []string
	for _, v := range s.Units {
		if !v.Orphaned && (project == "" || v.Def.Project == project) {
			names = append(names, v.Def.Name)
		}
	}
	return names
}
