package config

import (
	"errors"
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
	grown int // bytes of text that variables made
}

// maxGrown is how much text variables may make.
const maxGrown = 64 << 20

// object is a map whose keys are known.
type object struct {
	d    *decoder
	n    *node
	keys []key
}

// object checks that a node is a map of these keys.
func (d *decoder) object(n *node, what string, keys []key) object {
	if n == nil || n.kind == nullNode || n.bad {
		return object{d: d}
	}
	if n.kind != mapNode {
		d.wrong(n, fmt.Sprintf("%s has to be a map, not %s", what, n.kind), "its keys are "+strings.Join(names(keys), ", "))
		return object{d: d}
	}
	known := names(keys)
	for _, p := range n.pairs {
		i := slices.Index(known, p.key)
		switch {
		case i < 0:
			d.unknownKey(p, what, keys)
		case p.value.kind == nullNode && !p.value.bad && !keys[i].nullable():
			d.errorf(p.pos, utf8.RuneCountInString(p.key), "give it a value, or take the key away", "%s has no value", p.key)
		}
	}
	return object{d: d, n: n, keys: keys}
}

func (d *decoder) unknownKey(p pair, what string, keys []key) {
	known := names(keys)
	hint := "the keys are " + strings.Join(known, ", ")
	if near := nearest(p.key, known); near != "" {
		hint = fmt.Sprintf("did you mean `%s`?", near)
	} else if alias, ok := foreign[p.key]; ok && slices.Contains(known, alias) {
		hint = fmt.Sprintf("did you mean `%s`?", alias)
	} else if inside := places(keys, p.key, ""); len(inside) == 1 {
		hint = fmt.Sprintf("it belongs below `%s`", inside[0])
	} else if what == "env" {
		hint = "variables stand below `vars`"
	}
	d.errorf(p.pos, utf8.RuneCountInString(p.key), hint, "unknown key %q in %s", p.key, what)
}

// places are the keys below which a name is known.
func places(keys []key, name, above string) []string {
	var list []string
	for _, k := range keys {
		if slices.Contains(names(k.keys), name) {
			list = append(list, above+k.name)
		}
		list = append(list, places(k.keys, name, above+k.name+".")...)
	}
	return list
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

// given is whether a key is there, even if it could not be read.
func (o object) given(name string) bool { return o.n.find(name) != nil }

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

// scalar notes a duration or a size that cannot be read.
func (d *decoder) scalar(n *node, name string, err error, also string) {
	var bad *scalarError
	if errors.As(err, &bad) {
		d.wrong(n, name+": "+bad.text, bad.hint+also)
		return
	}
	d.wrong(n, name+": "+err.Error(), also)
}

// text reads a scalar and expands it.
func (d *decoder) text(n *node, what string) (string, bool) {
	if n == nil || n.bad {
		return "", false
	}
	if n.kind != scalarNode {
		d.wrong(n, fmt.Sprintf("%s has to be text, not %s", what, n.kind), "write one value; text with YAML's own signs in it goes into quotes")
		return "", false
	}
	if d.grown > maxGrown {
		return "", false // That is told already.
	}
	value, wrong := expand(n.value, d.scope)
	if wrong != nil {
		d.badExpansion(n, wrong)
		return "", false
	}
	if len(value) > len(n.value) {
		if d.grown += len(value); d.grown > maxGrown {
			d.wrong(n, fmt.Sprintf("variables make more than %d MiB of text of the manifest", maxGrown>>20), "leave variables to the shell: $VAR")
			return "", false
		}
	}
	if strings.ContainsRune(value, 0) {
		d.wrong(n, what+" has a NUL byte", "no program can be given one: take it out")
		return "", false
	}
	return value, true
}

func (o object) text(name string) string {
	s, _ := o.d.text(o.get(name), name)
	return s
}

// filled reads a text that cannot be empty.
func (o object) filled(name string) string {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if ok && strings.TrimSpace(s) == "" {
		o.d.wrong(n, name+" is empty", "give it a value, or take the key away")
	}
	return s
}

// word reads one of the words of a key.
func (o object) word(name string, def string) string {
	n, words := o.get(name), find(o.keys, name).enum
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	if slices.Contains(words, s) {
		return s
	}
	hint := "write one of them"
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

// booleans are the ways to write true and then false (YAML 1.2.2, 10.3.2).
var booleans = []string{"true", "True", "TRUE", "false", "False", "FALSE"}

func (o object) boolean(name string, def bool) bool {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	if i := slices.Index(booleans, s); i >= 0 {
		return i < len(booleans)/2
	}
	o.d.wrong(n, fmt.Sprintf("%s has to be true or false, not %q", name, s), "write true or false")
	return def
}

// integer reads a whole number within the bounds of its key.
func (o object) integer(name string, def int) int {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	v, err := parseInt(s)
	if err != nil {
		o.d.wrong(n, fmt.Sprintf("%s has to be a whole number, not %q", name, s), fmt.Sprintf("it is from %d to %d", int(find(o.keys, name).least), int(find(o.keys, name).most)))
		return def
	}
	k := find(o.keys, name)
	if v < int(k.least) || v > int(k.most) {
		o.d.wrong(n, fmt.Sprintf("%s has to be from %d to %d, not %d", name, int(k.least), int(k.most), v), "write a number within these bounds")
		return def
	}
	return v
}

// parseInt reads a whole number as YAML writes it (YAML 1.2.2, 10.3.2).
func parseInt(s string) (int, error) {
	base := 10
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0o") {
		base = 0
	}
	v, err := strconv.ParseInt(s, base, 0)
	return int(v), err
}

func (o object) number(name string, def float64) float64 {
	n := o.get(name)
	s, ok := o.d.text(n, name)
	if !ok {
		return def
	}
	k := find(o.keys, name)
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= k.least && v <= k.most) {
		o.d.wrong(n, fmt.Sprintf("%s has to be a number from %g to %g, not %q", name, k.least, k.most, s), "write a number within these bounds")
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
	switch {
	case err != nil:
		o.d.scalar(n, name, err, "")
		return def
	case v == 0 && find(o.keys, name).positive:
		o.d.wrong(n, name+" cannot be 0", "write a larger one, or take the key away")
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
	switch {
	case err != nil:
		o.d.scalar(n, name, err, "")
		return def
	case v == 0 && find(o.keys, name).positive:
		o.d.wrong(n, name+" cannot be 0", "write a larger one, or take the key away")
		return def
	}
	return v
}

// entry is a text of a list and its place.
type entry struct {
	text string
	n    *node
}

// texts reads a list; with single one text is a list too.
func (o object) texts(name string, single bool) []string {
	entries := o.entries(name, single)
	if entries == nil {
		return nil
	}
	list := make([]string, 0, len(entries))
	for _, e := range entries {
		list = append(list, e.text)
	}
	return list
}

// entries is texts with their places.
func (o object) entries(name string, single bool) []entry {
	n := o.get(name)
	switch {
	case n == nil:
		return nil
	case n.kind == scalarNode && single:
		if s, ok := o.d.text(n, name); ok {
			return []entry{{text: s, n: n}}
		}
		return nil
	case n.kind != listNode:
		o.d.wrong(n, fmt.Sprintf("%s has to be a list, not %s", name, n.kind), "write [one, two]")
		return nil
	}
	list := make([]entry, 0, len(n.items))
	for i, item := range n.items {
		if item.kind == nullNode && !item.bad {
			o.d.wrong(item, fmt.Sprintf("entry %d of %s is empty", i+1, name), `write "" for an empty text`)
			continue
		}
		if s, ok := o.d.text(item, fmt.Sprintf("entry %d of %s", i+1, name)); ok {
			list = append(list, entry{text: s, n: item})
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
