package config

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

// decode makes the plan of the tree, and notes what is wrong.
func decode(l *loader, root *node, plan *Plan) {
	d := &decoder{loader: l, scope: environScope(l.o.Env)}
	if root.kind != mapNode {
		d.errorf(Position{File: plan.File, Line: 1, Column: 1}, 1, `begin with version: "1" and services:`, "the manifest is empty, or not a map")
		return
	}
	o := d.object(root, "the manifest", rootKeys)
	plan.Version = d.version(o)
	plan.Metrics = d.metrics(o)
	env := d.environment(o.get("env"))
	scope := d.scope
	if o.has("services") || !o.has("projects") {
		id := d.projectID(o, plan.File)
		d.project(plan, id, o.get("services"), o.pos("services"), env, o.pos("project"))
	}
	if o.has("projects") {
		d.projects(o, plan, env, scope)
	}
	d.resolve(plan)
	d.sharedAddresses(plan)
}

// version is "1" or "2", as text or as a number.
func (d *decoder) version(o object) string {
	if !o.has("version") {
		d.errorf(Position{File: d.files[0], Line: o.n.pos.Line, Column: o.n.pos.Column}, 1, `begin with version: "1"`, "the manifest does not say its version")
		return "1"
	}
	n := o.get("version")
	s, ok := d.text(n, "version")
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
			d.checkName(n.pos, len(n.value), s)
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

func (d *decoder) checkName(pos Position, span int, name string) bool {
	if err := CheckName(name); err != nil {
		d.errorf(pos, span, "", "%s", err.Error())
		return false
	}
	return true
}

func (d *decoder) projects(o object, plan *Plan, env environment, around *scope) {
	n := o.get("projects")
	if n.kind != mapNode || len(n.pairs) == 0 {
		d.wrong(n, "projects has to be a map of names to projects", "")
		return
	}
	for _, p := range n.pairs {
		if !d.checkName(p.pos, len(p.key), p.key) {
			continue
		}
		d.scope = around
		inner := d.object(p.value, "project "+p.key, projectKeys)
		own := env.with(d.environment(inner.get("env")))
		d.project(plan, p.key, inner.get("services"), p.pos, own, p.pos)
	}
}

// project reads a map of units.
func (d *decoder) project(plan *Plan, id string, services *node, at Position, env environment, idPos Position) {
	for _, p := range plan.Projects {
		if p.ID == id {
			d.errorf(idPos, 1, "", "there are two projects %q", id)
			return
		}
	}
	project := Project{ID: id}
	switch {
	case services == nil || services.kind == mapNode && len(services.pairs) == 0:
		d.errorf(at, 1, "write services: and below it a name and its command", "the project %q has no services", id)
	case services.kind != mapNode:
		d.wrong(services, fmt.Sprintf("services has to be a map of names to units, not %s", services.kind), "")
	default:
		around := d.scope
		for _, p := range services.pairs {
			d.scope = around
			project.Units = append(project.Units, d.unit(id, p, env, plan.File)...)
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
		out.SampleInterval = time.Duration(m.integer("sample_interval_secs", 0, 1, 60)) * time.Second
	}
	if m.has("retention_minutes") {
		out.Retention = time.Duration(m.integer("retention_minutes", 0, 1, math.MaxInt32)) * time.Minute
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
