// Package keys has the dashboard's key bindings as data. What a key does, what
// the footer shows and what the help lists all come from one table, so they
// cannot differ.
//
// A key is named as Bubble Tea names it: "a", "A", "enter", "ctrl+d", "pgdown".
// A binding is valid in some places (Where); the first one in the table that
// has the key and is valid where the person is wins. Moving is never
// destructive, and whatever changes the system is marked Mutates, so that a
// dashboard that only looks can leave it out.
package keys

import (
	"fmt"
	"slices"
	"strings"
)

// Action is what a key asks for, by a name that settings can use.
type Action string

// The actions.
const (
	Up       Action = "up"
	Down     Action = "down"
	Left     Action = "left"
	Right    Action = "right"
	First    Action = "first"
	Last     Action = "last"
	HalfUp   Action = "half-up"
	HalfDown Action = "half-down"
	PageUp   Action = "page-up"
	PageDown Action = "page-down"
	PanLeft  Action = "pan-left"
	PanRight Action = "pan-right"

	Units     Action = "view-units"
	Logs      Action = "view-logs"
	Graph     Action = "view-graph"
	Events    Action = "view-events"
	Cron      Action = "view-cron"
	Deploys   Action = "view-deploys"
	LastView  Action = "last-view"
	Next      Action = "focus-next"
	Previous  Action = "focus-previous"
	TabNext   Action = "tab-next"
	TabBefore Action = "tab-previous"
	Enter     Action = "open"
	OpenLogs  Action = "open-logs"
	Back      Action = "back"
	Quit      Action = "quit"

	Search    Action = "search"
	Filter    Action = "filter"
	NextHit   Action = "next-hit"
	BeforeHit Action = "previous-hit"
	Palette   Action = "palette"
	Help      Action = "help"
	Mark      Action = "mark"
	MarkAll   Action = "mark-all"
	Sort      Action = "sort"

	Start    Action = "start"
	Stop     Action = "stop"
	Restart  Action = "restart"
	Deploy   Action = "deploy"
	Rollback Action = "rollback"
	Trigger  Action = "trigger"
	Reload   Action = "reload"
	Signal   Action = "signal"
	Attach   Action = "attach"

	Split      Action = "split"
	Close      Action = "close"
	Zoom       Action = "zoom"
	Grow       Action = "grow"
	Shrink     Action = "shrink"
	Follow     Action = "follow"
	Wrap       Action = "wrap"
	Times      Action = "timestamps"
	Interleave Action = "interleave"
	Streams    Action = "streams"
	MarkLine   Action = "mark-line"
	Select     Action = "select"
	Copy       Action = "copy"
	Clear      Action = "clear"
	Pager      Action = "pager"
	Sync       Action = "sync-scroll"

	GraphForm  Action = "graph-form"
	GraphFocus Action = "graph-focus"

	Rewind  Action = "rewind"
	Forward Action = "forward"
	Live    Action = "live"
	Mouse   Action = "mouse"
	Redraw  Action = "redraw"
)

// Where is a set of places.
type Where uint16

// The places: each view, and the state of having no supervisor.
const (
	InUnits Where = 1 << iota
	InLogs
	InGraph
	InEvents
	InCron
	InDeploys
	InDetail
	InAbsent

	// InList are the views that select one unit at a time.
	InList = InUnits | InGraph | InCron | InDeploys | InDetail
	// Anywhere is every view of a system; everywhere also the page that
	// says there is none.
	Anywhere   = InUnits | InLogs | InGraph | InEvents | InCron | InDeploys | InDetail
	everywhere = Anywhere | InAbsent
)

// Binding is one action and its keys.
type Binding struct {
	Action Action
	Keys   []string
	// Help is a word or two for the footer, Long a phrase for the help.
	Help, Long string
	In         Where
	// Group is the heading in the help it stands under.
	Group string
	// Mutates is whether it changes the system.
	Mutates bool
	// Footer orders the footer: the smallest first, 0 is not there.
	Footer int
}

// Map is a table of bindings.
type Map []Binding

// Find is the action of a key where a person is, "" for none.
func (m Map) Find(where Where, key string) Action {
	for _, b := range m {
		if b.In&where != 0 && slices.Contains(b.Keys, key) {
			return b.Action
		}
	}
	return ""
}

// At are the bindings valid in a place, without those that change the system
// where it is only looked at.
func (m Map) At(where Where, readOnly bool) Map {
	var list Map
	for _, b := range m {
		if b.In&where != 0 && len(b.Keys) > 0 && (!readOnly || !b.Mutates) {
			list = append(list, b)
		}
	}
	return list
}

// KeysOf are the keys of an action in a place, for a person: "ctrl+d".
func (m Map) KeysOf(where Where, a Action) []string {
	for _, b := range m {
		if b.Action == a && b.In&where != 0 {
			return b.Keys
		}
	}
	return nil
}

// Mutates is whether an action changes the system.
func (m Map) Mutates(a Action) bool {
	return slices.ContainsFunc(m, func(b Binding) bool { return b.Action == a && b.Mutates })
}

// With gives actions other keys, by the action's name. An empty list unbinds
// it. An action there is not, or a key that would mean two things in one place,
// is an error.
func (m Map) With(other map[string][]string) (Map, error) {
	out := slices.Clone(m)
	for name, list := range other {
		found := false
		for i := range out {
			if string(out[i].Action) == name {
				out[i].Keys, found = slices.Clone(list), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no action %q: there are %s", name, strings.Join(m.names(), ", "))
		}
	}
	return out, out.check()
}

// names are all actions, sorted.
func (m Map) names() []string {
	var list []string
	for _, b := range m {
		list = append(list, string(b.Action))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// check looks for a key that means two things in one place.
func (m Map) check() error {
	for i, b := range m {
		for _, other := range m[:i] {
			for _, key := range b.Keys {
				if b.Action != other.Action && b.In&other.In != 0 && slices.Contains(other.Keys, key) {
					return fmt.Errorf("the key %q cannot mean both %q and %q", key, other.Action, b.Action)
				}
			}
		}
	}
	return nil
}

// Named is a key as a person reads it.
func Named(key string) string {
	if name, ok := keyNames[key]; ok {
		return name
	}
	return key
}

var keyNames = map[string]string{
	" ": "space", "pgdown": "PgDn", "pgup": "PgUp", "home": "Home", "end": "End",
	"up": "Up", "down": "Down", "left": "Left", "right": "Right",
}
