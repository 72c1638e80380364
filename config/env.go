package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// environment is what an env block adds, in the order it was said.
type environment struct {
	list    []EnvVar
	inherit bool
}

// with is the environment with another one over it.
func (e environment) with(over environment) environment {
	return environment{list: slices.Concat(e.list, over.list), inherit: e.inherit || over.inherit}
}

// sorted is the environment with each name once, the last value winning.
func (e environment) sorted() []EnvVar {
	last := map[string]string{}
	for _, v := range e.list {
		last[v.Name] = v.Value
	}
	list := make([]EnvVar, 0, len(last))
	for name, value := range last {
		list = append(list, EnvVar{Name: name, Value: value})
	}
	slices.SortFunc(list, func(a, b EnvVar) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// environment reads an env block. Its variables can refer to those before
// them, and to the scope around; afterwards the decoder's scope has them.
func (d *decoder) environment(n *node) environment {
	o := d.object(n, "env", envKeys)
	inner := &scope{vars: map[string]string{}, outer: d.scope}
	d.scope = inner
	e := environment{inherit: o.boolean("inherit", false)}
	add := func(v EnvVar) {
		e.list = append(e.list, v)
		inner.vars[v.Name] = v.Value
	}
	for _, file := range o.entries("file", true) {
		d.envFile(file.n, file.text, add)
	}
	for _, p := range o.vars("vars") {
		d.envVar(p, add)
	}
	return e
}

func (d *decoder) envVar(p pairText, add func(EnvVar)) {
	if p.name == "" || strings.ContainsAny(p.name, "=\x00") {
		d.errorf(p.pos, utf8.RuneCountInString(p.name), "a name is not empty and has no =", "%q cannot be the name of a variable", p.name)
		return
	}
	if p.n.kind == nullNode && !p.n.bad {
		add(EnvVar{Name: p.name})
		return
	}
	// One that is wrong counts as empty: what refers to it is not wrong too.
	value, _ := d.text(p.n, "the variable "+p.name)
	add(EnvVar{Name: p.name, Value: value})
}

// envFile reads an env file. Findings carry its own name and lines.
func (d *decoder) envFile(at *node, path string, add func(EnvVar)) {
	if path == "" {
		d.wrong(at, "env.file is empty", "name a file, or take it away")
		return
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(d.files[0]), path)
	}
	data, err := d.read(path)
	if err != nil {
		d.wrong(at, fmt.Sprintf("cannot read the env file %s: %v", path, reasonOf(err)), "paths are relative to the manifest's folder")
		return
	}
	if at, what := notText(data); at >= 0 {
		d.errorf(d.place(path, at), 1, "save the file as text in UTF-8", "the env file %s", what)
		return
	}
	list, problems := parseEnvFile(string(data))
	for _, p := range problems {
		d.errorf(Position{File: path, Line: p.line, Column: p.column}, 1, p.hint, "%s", p.text)
	}
	for _, line := range list {
		pos := Position{File: path, Line: line.line, Column: line.column}
		v := line.EnvVar
		if !line.literal {
			v.Value, _ = d.text(&node{kind: scalarNode, pos: pos, value: v.Value}, "the variable "+v.Name)
		}
		add(v)
	}
}
