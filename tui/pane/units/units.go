// Package units is the table of all units: the dashboard. It sorts what wants
// attention to the top, keeps the selected unit selected wherever it goes, and
// drops columns, the least telling first, until the rest has room.
package units

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
)

// Sort is an order of the table.
type Sort uint8

// The orders.
const (
	Attention Sort = iota
	ByName
	ByCPU
	ByMemory
	ByUptime
	ByGraph
	sorts
)

func (s Sort) String() string {
	return [...]string{"attention", "name", "cpu", "memory", "uptime", "dependencies"}[s]
}

// Pane is the table.
type Pane struct {
	Sort Sort
	// Columns are the names of the columns to show, nil for all.
	Columns []string

	filter *regexp.Regexp
	typed  string
	not    bool

	rows     []*board.Unit
	rowsFor  key
	top      int
	selected int
}

// key is what the rows were chosen for.
type key struct {
	board   *board.Board
	changes uint64
	sort    Sort
	typed   string
	ill     bool
}

// Filter shows only units whose name, project or state matches; "!" before the
// pattern for those that do not, "" for all.
func (p *Pane) Filter(text string) error {
	pattern, not := strings.CutPrefix(text, "!")
	if pattern == "" {
		p.filter, p.typed = nil, ""
		return nil
	}
	re, err := regexp.Compile("(?i)" + pattern)
	if err != nil {
		return fmt.Errorf("the pattern is no regular expression: %w", err)
	}
	p.filter, p.typed, p.not = re, text, not
	return nil
}

// Filtered is what is filtered, as it was typed.
func (p *Pane) Filtered() string { return p.typed }

// Shown are the units of the table, in its order.
func (p *Pane) Shown(b *board.Board) []*board.Unit { return p.choose(b, false) }

// choose gives the rows; ill only those with which something is wrong.
func (p *Pane) choose(b *board.Board, ill bool) []*board.Unit {
	k := key{board: b, changes: b.Changes, sort: p.Sort, typed: p.typed, ill: ill}
	if k == p.rowsFor {
		return p.rows
	}
	p.rowsFor, p.rows = k, p.rows[:0:0]
	for _, u := range b.Units {
		if (p.filter == nil || p.matches(u) != p.not) && (!ill || board.Ill(u.Look)) {
			p.rows = append(p.rows, u)
		}
	}
	if p.Sort != ByGraph {
		slices.SortStableFunc(p.rows, p.compare)
	}
	return p.rows
}

func (p *Pane) matches(u *board.Unit) bool {
	return p.filter.MatchString(u.ID) || p.filter.MatchString(u.Name) || p.filter.MatchString(u.Look) || p.filter.MatchString(u.Kind)
}

func (p *Pane) compare(a, b *board.Unit) int {
	switch p.Sort {
	case ByName:
		return cmp.Compare(a.ID, b.ID)
	case ByCPU:
		return cmp.Compare(b.CPUPercent, a.CPUPercent)
	case ByMemory:
		return cmp.Compare(b.MemoryBytes, a.MemoryBytes)
	case ByUptime:
		return a.StartedAt.Compare(b.StartedAt)
	case Attention, ByGraph, sorts:
	}
	return cmp.Compare(board.Weight(a.Look), board.Weight(b.Look))
}

// Index is where the selected unit is, or where it was last.
func (p *Pane) index(f pane.Frame, rows []*board.Unit) int {
	if i := slices.IndexFunc(rows, func(u *board.Unit) bool { return u.ID == f.Selected }); i >= 0 {
		p.selected = i
	}
	p.selected = max(0, min(p.selected, len(rows)-1))
	return p.selected
}

// Act moves.
func (p *Pane) Act(a keys.Action, f pane.Frame) pane.Intent {
	rows := p.choose(f.Board, false)
	page := max(f.Height-1, 1)
	by := map[keys.Action]int{
		keys.Down: 1, keys.Up: -1, keys.HalfDown: max(page/2, 1), keys.HalfUp: -max(page/2, 1),
		keys.PageDown: page, keys.PageUp: -page, keys.First: -len(rows), keys.Last: len(rows),
	}
	if a == keys.Sort {
		p.Sort = (p.Sort + 1) % sorts
		return pane.Say{Text: "sorted by " + p.Sort.String()}
	}
	n, moves := by[a]
	if !moves || len(rows) == 0 {
		return nil
	}
	at := max(0, min(p.index(f, rows)+n, len(rows)-1))
	p.selected = at
	return pane.Select{Unit: rows[at].ID}
}
