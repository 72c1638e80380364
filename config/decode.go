package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// decode makes the plan of the tree, and notes what is wrong.
func decode(l *loader, root *node, plan *Plan) {
	d := &decoder{loader: l, scope: environScope(l.o.Env)}
	if root.bad {
		return
	}
	if root.kind != mapNode {
		pos := root.pos
		if root.kind == nullNode {
			pos = Position{File: plan.File, Line: 1, Column: 1}
		}
		d.errorf(pos, 1, `begin with version: "1" and services:`, "the manifest is empty, or not a map")
		return
	}
	o := d.object(root, "the manifest", rootKeys)
	plan.Version = d.version(o)
	plan.Metrics = d.metrics(o)
	env := d.environment(o.get("env"))
	scope := d.scope
	if o.has("project") && o.has("projects") && !o.has("services") {
		d.note(SeverityWarning, o.pos("project"), len("project"), "take it away", "project names the units of services, and there are none: those of projects have names of their own")
	}
	if o.given("services") || !o.given("projects") {
		id := d.projectID(o, plan.File)
		d.project(plan, id, o.n.find("services"), o.pos("services"), env, o.pos("project"))
	}
	if o.has("projects") {
		d.projects(o, plan, env, scope)
	}
	d.resolve(plan)
	d.sharedAddresses(plan)
}

// version is "1" or "2", as text or as a number.
func (d *decoder) version(o object) string {
	if !o.given("version") {
		d.errorf(Position{File: d.files[0], Line: o.n.pos.Line, Column: o.n.pos.Column}, 1, `begin with version: "1"`, "the manifest does not say its version")
		return "1"
	}
	n := o.get("version")
	s, ok := d.text(n, "version")
	if ok && !n.quoted {
		s = strings.TrimSuffix(s, ".0") // The number 1.0 is 1.
	}
	if ok && s != "1" && s != "2" {
		d.wrong(n, fmt.Sprintf("there is no version %q of the manifest", s), `the versions are "1" and "2"`)
	}
	return s
}

// projectID is the project's name, by default that of the manifest's folder.
func (d *decoder) projectID(o object, file string) string {
	if n := o.get("project"); n != nil {
		s, ok := d.text(n, "project")
		if ok {
			d.checkName(n.pos, utf8.RuneCountInString(n.value), s)
		}
		return s
	}
	return folderName(file)
}

// folderName makes a name of the folder a manifest is in.
func folderName(file string) string {
	name := strings.Map(func(r rune) rune {
		if isWord(r) || strings.ContainsRune(".-@", r) {
			return r
		}
		return '-'
	}, filepath.Base(filepath.Dir(file)))
	name = strings.TrimLeft(name, ".-@")
	if len(name) > maxName {
		name = name[:maxName]
	}
	if name == "" {
		return "default"
	}
	return name
}

// checkName notes a bad name; what is called so is read all the same.
func (d *decoder) checkName(pos Position, span int, name string) {
	if err := CheckName(name); err != nil {
		d.errorf(pos, span, nameHint, "%s", err.Error())
	}
}

func (d *decoder) projects(o object, plan *Plan, env environment, around *scope) {
	n := o.get("projects")
	if n.kind != mapNode || len(n.pairs) == 0 {
		d.wrong(n, "projects has to be a map of names to projects", "write a name, and below it services:")
		return
	}
	for _, p := range n.pairs {
		d.checkName(p.pos, utf8.RuneCountInString(p.key), p.key)
		if p.value.bad {
			continue
		}
		d.scope = around
		inner := d.object(p.value, "project "+p.key, projectKeys)
		if inner.n == nil && p.value.kind != nullNode {
			continue
		}
		own := env.with(d.environment(inner.get("env")))
		d.project(plan, p.key, inner.n.find("services"), p.pos, own, p.pos)
	}
}

// maxUnits is how many units a project may have.
const maxUnits = 20_000

// project reads a map of units.
func (d *decoder) project(plan *Plan, id string, services *node, at Position, env environment, idPos Position) {
	for _, p := range plan.Projects {
		if p.ID == id {
			d.errorf(idPos, len(id), "give one of them another name", "there are two projects %q", id)
			return
		}
	}
	project := Project{ID: id}
	switch {
	case services != nil && services.bad:
		// It could not be read, which is told already.
	case services == nil || services.kind == nullNode || services.kind == mapNode && len(services.pairs) == 0:
		d.errorf(at, 1, "write services: and below it a name and its command", "the project %q has no services", id)
	case services.kind != mapNode:
		d.wrong(services, fmt.Sprintf("services has to be a map of names to units, not %s", services.kind), "write a name, and below it command: or exec:")
	default:
		around := d.scope
		for _, p := range services.pairs {
			d.scope = around
			project.Units = append(project.Units, d.unit(id, p, env, plan.File)...)
			if len(project.Units) > maxUnits {
				d.errorf(p.pos, len(p.key), "spread them over several projects", "the project %q has more than %d units, replicas counted", id, maxUnits)
				project.Units = nil
				break
			}
		}
		d.scope = around
	}
	plan.Projects = append(plan.Projects, project)
}

// metrics reads how figures are kept.
func (d *decoder) metrics(o object) Metrics {
	m := d.object(o.get("metrics"), "metrics", metricsKeys)
	var out Metrics
	if m.has("sample_interval_secs") {
		out.SampleInterval = time.Duration(m.integer("sample_interval_secs", 0)) * time.Second
	}
	if m.has("retention_minutes") {
		out.Retention = time.Duration(m.integer("retention_minutes", 0)) * time.Minute
	}
	out.MaxMemoryBytes = m.size("max_memory_bytes", 0)
	out.SpilloverMaxBytes = m.size("spillover_max_bytes", 0)
	if m.has("spillover_path") {
		out.SpilloverPath = d.path(m.text("spillover_path"))
	}
	return out
}

// path makes a path of the manifest absolute.
func (d *decoder) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(d.files[0]), p)
}
