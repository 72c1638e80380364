package view

import "strings"

// tags are the names before lines, and their colours.
type tags struct {
	// project is the only one seen so far; full is set where there are
	// several, so that names need theirs.
	project string
	full    bool
	order   []string
	labels  map[string]label
	// wide is the width of the widest name, in columns.
	wide int
}

// label is a unit's name as it is shown.
type label struct {
	text  string
	color tone
}

func newTags(units []string) *tags {
	t := &tags{labels: map[string]label{}}
	for _, u := range units {
		t.add(u)
	}
	return t
}

// of is the label of a unit. One that was not expected gets the next colour,
// and names may become wider.
func (t *tags) of(unit string) label {
	if _, known := t.labels[unit]; !known {
		t.add(unit)
	}
	return t.labels[unit]
}

func (t *tags) add(unit string) {
	t.order = append(t.order, unit)
	project, _, _ := strings.Cut(unit, "/")
	switch {
	case project == unit || t.full:
	case t.project == "":
		t.project = project
	case t.project != project:
		t.full = true
		for i, u := range t.order {
			t.set(i, u)
		}
	}
	t.set(len(t.order)-1, unit)
}

// set makes the label of the n-th unit.
func (t *tags) set(n int, unit string) {
	text := unit
	if _, name, ok := strings.Cut(unit, "/"); ok && !t.full {
		text = name
	}
	l := label{text: clean(text), color: hue(n)}
	if unit == "" {
		l.text = "sysg"
	}
	t.labels[unit] = l
	t.wide = max(t.wide, width(l.text))
}
