package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// decoder reads values of the tree. A value that is wrong is noted, and reads
// as the zero value.
type decoder struct {
	*loader
	scope *scope
}

// object is a map whose keys are known.
type object struct {
	d *decoder
	n *node
}

// object checks that a node is a map of these keys.
func (d *decoder) object(n *node, what string, keys []key) object {
	if n == nil || n.kind == nullNode {
		return object{d: d}
	}
	if n.kind != mapNode {
		d.wrong(n, fmt.Sprintf("%s has to be a map, not %s", what, n.kind), "its keys are "+strings.Join(names(keys), ", "))
		return object{d: d}
	}
	known := names(keys)
	for _, p := range n.pairs {
		if !slices.Contains(known, p.key) {
			d.unknownKey(p, what, known)
		}
	}
	return object{d: d, n: n}
}

func (d *decoder) unknownKey(p pair, what string, known []string) {
	hint := "the keys are " + strings.Join(known, ", ")
	if near := nearest(p.key, known); near != "" {
		hint = fmt.Sprintf("did you mean `%s`?", near)
	} else if alias, ok := foreign[p.key]; ok && slices.Contains(known, alias) {
		hint = fmt.Sprintf("did you mean `%s`?", alias)
	}
	d.errorf(p.pos, utf8.RuneCountInString(p.key), hint, "unknown key %q in %s", p.key, what)
}

// foreign are the names other tools have for what is called otherwise here.
var foreign = map[string]string{
	"cmd": "command", "run": "command", "args": "exec", "entrypoint": "exec", "script": "command",
	"cwd": "working_dir", "dir": "working_dir", "directory": "working_dir", "workdir": "working_dir",
	"environment": "env", "env_file": "env", "restart": "restart_policy", "autorestart": "restart_policy",
	"depends": "depends_on", "requires": "depends_on", "after": "depends_on", "healthcheck": "health_check",
	"instances": "replicas", "numprocs": "replicas", "scale": "replicas", "schedule": "cron",
	"stopsignal": "stop_signal", "units": "services", "processes": "services", "programs": "services", "apps": "services",
}

// get is the value of a key, nil where there is none.
func (o object) get(name string) *node {
	n := o.n.find(name)
	if n == nil || n.kind == nullNode {
		return nil
	}
	return n
}

func (o object) has(name string) bool { return o.get(name) != nil }

// pos is where a key stands, or its object.
func (o object) pos(name string) Position {
	if o.n == nil {
		return Position{}
	}
	for _, p := range o.n.pairs {
		if p.key == name {
			return p.pos
		}
	}
	return o.n.pos
}

// wrong notes an error about a value.
func (d *decoder) wrong(n *node, message, hint string) {
	span := utf8.RuneCountInString(n.value)
	if n.quoted {
		span += 2
	}
	if n.kind != scalarNode || strings.Contains(n.value, "\n") {
		span = 1
	}
	d.errorf(n.pos, span, hint, "%s", message)
}

// text reads a scalar and expands it.
func (d *decoder) text(n *node, what string) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.kind != scalarNode {
		d.wrong(n, fmt.Sprintf("%s has to be text, not %s", what, n.kind), "")
		return "", false
	}
	value, err := expand(n.value, d.scope)
	if err != nil {
		d.badExpansion(n, err)
		return "", false
	}
	if strings.ContainsRune(value, 0) {
		d.wrong(n, what+" has a NUL byte", "")
		return "", false
	}
	return value, true
}

// badExpansion notes what is wrong with a ${…}, at its place.
func (d *decoder) badExpansion(n *node, err error) {
	e := asExpansion(err)
	pos := n.pos
	before := n.value[:min(e.at, len(n.value))]
	source := d.line(pos)
	if at := strings.Index(source, n.value); at >= 0 && !strings.Contains(n.value, "\n") {
		pos.Column = utf8.RuneCountInString(source[:at]+before) + 1
	} else if lines := strings.Count(before, "\n"); strings.Contains(n.value, "\n") {
		// A block: its lines follow the key's.
		pos.Line += lines + 1
		reference := n.value[e.at:min(e.at+e.span, len(n.value))]
		pos.Column = 1
		if at := strings.Index(d.line(pos), reference); at >= 0 {
			pos.Column = utf8.RuneCountInString(d.line(pos)[:at]) + 1
		}
	}
	d.errorf(pos, e.span, e.hint, "%s", e.text)
}

func (o object) text(name string) string {
	s, _ := o.d.text(o.get(name), name)
	return s
}

// word reads one of several words.
func (o object) word(name string, def string, words []string) string {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	if slices.Contains(words, s) {
		return s
	}
	hint := ""
	if near := nearest(s, words); near != "" {
		hint = fmt.Sprintf("did you mean `%s`?", near)
	}
	o.d.wrong(n, fmt.Sprintf("%s cannot be %q: it is %s", name, s, or(words)), hint)
	return def
}

// or lists words: a, b or c.
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func (o object) boolean(name string, def bool) bool {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	switch s {
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	o.d.wrong(n, fmt.Sprintf("%s has to be true or false, not %q", name, s), "")
	return def
}

// integer reads a whole number within bounds.
func (o object) integer(name string, def, least, most int) int {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	v, err := strconv.Atoi(s)
	if err != nil {
		o.d.wrong(n, fmt.Sprintf("%s has to be a whole number, not %q", name, s), "")
		return def
	}
	if v < least || v > most {
		o.d.wrong(n, fmt.Sprintf("%s has to be from %d to %d, not %d", name, least, most, v), "")
		return def
	}
	return v
}

func (o object) number(name string, def, least, most float64) float64 {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= least && v <= most) {
		o.d.wrong(n, fmt.Sprintf("%s has to be a number from %g to %g, not %q", name, least, most, s), "")
		return def
	}
	return v
}

func (o object) duration(name string, def time.Duration) time.Duration {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	v, err := ParseDuration(s)
	if err != nil {
		o.d.wrong(n, name+": "+err.Error(), "")
		return def
	}
	return v
}

// positive reads a duration that may not be 0.
func (o object) positive(name string, def time.Duration) time.Duration {
	v := o.duration(name, def)
	if v == 0 && o.has(name) && def > 0 {
		o.d.wrong(o.get(name), name+" cannot be 0", "")
		return def
	}
	return v
}

func (o object) size(name string, def int64) int64 {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	v, err := ParseSize(s)
	if err != nil {
		o.d.wrong(n, name+": "+err.Error(), "")
		return def
	}
	return v
}

// texts reads a list; with single one text is a list too.
func (o object) texts(name string, single bool) []string {
	n := o.get(name)
	switch {
	case n == nil:
		return nil
	case n.kind == scalarNode && single:
		if s, ok := o.d.text(n, name); ok {
			return []string{s}
		}
		return nil
	case n.kind != listNode:
		hint := "write [one, two]"
		o.d.wrong(n, fmt.Sprintf("%s has to be a list, not %s", name, n.kind), hint)
		return nil
	}
	list := make([]string, 0, len(n.items))
	for i, item := range n.items {
		if item.kind == nullNode {
			o.d.wrong(item, fmt.Sprintf("entry %d of %s is empty", i+1, name), `write "" for an empty text`)
			continue
		}
		if s, ok := o.d.text(item, fmt.Sprintf("entry %d of %s", i+1, name)); ok {
			list = append(list, s)
		}
	}
	return list
}

// vars reads a map of texts, in order.
func (o object) vars(name string) []pairText {
	n := o.get(name)
	if n == nil {
		return nil
	}
	if n.kind != mapNode {
		o.d.wrong(n, fmt.Sprintf("%s has to be a map of names to texts, not %s", name, n.kind), "write NAME: value, one a line")
		return nil
	}
	var list []pairText
	for _, p := range n.pairs {
		list = append(list, pairText{name: p.key, pos: p.pos, n: p.value})
	}
	return list
}

// pairText is an entry that is read later, in a scope that grows.
type pairText struct {
	name string
	pos  Position
	n    *node
}
