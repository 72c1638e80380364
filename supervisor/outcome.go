package supervisor

import (
	"context"
	"time"

	"systemg/supervisor/graph"
	"systemg/supervisor/unit"
)

// Patience is how many automatic restarts in a row a command watches before
// it counts a unit as failed, though the restart policy goes on trying.
const (
	// StartPatience lets a unit find its feet while what it needs comes up:
	// with the default back-off, for about a second and a half.
	StartPatience = 5
	// RestartPatience is none: a unit that ran and now dies is news.
	RestartPatience = 1
)

// longBackoff is the back-off that no command sits out: the restart policy
// goes on trying, but whoever waits would rather hear of the failure.
const longBackoff = 5 * time.Second

// Standing is how far one unit of a command has come.
type Standing struct {
	Mark Mark
	View *View
	// Done is whether the command need not wait for it any longer, OK
	// whether it is as wanted.
	Done, OK bool
}

// Standings says how far each unit of the command has come.
func (b Baseline) Standings(s *Snapshot, patience int) []Standing {
	doomed := s.doomed(patience)
	list := make([]Standing, 0, len(b.Units))
	for _, m := range b.Units {
		v, ok := s.Find(m.ID)
		st := Standing{Mark: m, View: v}
		switch {
		case !ok:
			st.Done, st.OK = true, m.Down
		case m.Down:
			st.Done = !v.Alive() && !v.Leaving
			st.OK = st.Done
		default:
			st.Done, st.OK = up(m, v, doomed[m.ID])
		}
		list = append(list, st)
	}
	return list
}

// up says whether a unit has come up, or will not within the command.
func up(m Mark, v *View, doomed bool) (done, ok bool) {
	u := v.Unit
	fresh := !m.Fresh || u.Run > m.Run
	switch {
	case v.Leaving || v.Rolling:
		return false, false
	case v.Rollouts > m.Rollouts && !v.Last.OK:
		return true, false
	case v.Orphaned:
		return true, false
	}
	switch u.State {
	case unit.Running:
		if u.Policy.Cron {
			// Its run may take as long as it likes.
			return true, true
		}
		late := fresh && u.Health == unit.Ill
		return fresh && u.Ready || doomed || late, fresh && u.Ready && !doomed && !late
	case unit.Scheduled:
		return true, true
	case unit.Completed:
		return fresh, fresh
	case unit.Skipped:
		return true, true
	case unit.Failed, unit.Blocked, unit.Stopped:
		return true, false
	case unit.Pending, unit.Starting, unit.Backoff, unit.Stopping:
		return doomed, false
	}
	return false, false
}

// doomed are the units that are not ready after patience automatic restarts
// in a row or are in a long back-off, and those that wait for them. Where there is no patience, one
// that has come back by then is doomed too: its death is what counts.
func (s *Snapshot) doomed(patience int) map[string]bool {
	set := map[string]bool{}
	for _, v := range s.Units {
		switch v.Unit.State {
		case unit.Backoff:
			if v.Unit.Attempts >= patience || v.Unit.Deadline.Sub(v.Unit.Since) > longBackoff {
				set[v.ID] = true
			}
		case unit.Starting, unit.Stopping:
			if v.Unit.Attempts >= patience {
				set[v.ID] = true
			}
		case unit.Pending:
			if v.Unit.Attempts >= patience || s.waitsForDoomed(v, set) {
				set[v.ID] = true
			}
		case unit.Running:
			late := v.Unit.Health == unit.Ill && !v.Unit.Ready
			if late || patience == RestartPatience && v.Unit.Attempts >= patience {
				set[v.ID] = true
			}
		case unit.Blocked, unit.Stopped, unit.Completed, unit.Failed, unit.Skipped, unit.Scheduled:
		}
	}
	return set
}

func (s *Snapshot) waitsForDoomed(v *View, set map[string]bool) bool {
	for _, edge := range s.Graph.Needs(v.ID) {
		f, known := s.Fact(edge.Unit)
		verdict, _ := graph.Judge(edge, edge.Unit, f, known)
		if verdict != graph.Satisfied && set[edge.Unit] {
			return true
		}
	}
	return false
}

// Await watches snapshots until every unit of the command is done, or ctx
// ends. Observe is called with each new list of standings, the last one
// included; it may block, and then sees fewer of them.
func (s *Supervisor) Await(ctx context.Context, b Baseline, patience int, observe func([]Standing)) ([]Standing, error) {
	for {
		snap, newer := s.Next()
		list := b.Standings(snap, patience)
		observe(list)
		if allDone(list) {
			return list, nil
		}
		if err := pause(ctx, s, newer); err != nil {
			return list, err
		}
		if err := pause(ctx, s, time.After(Pace(len(b.Units)))); err != nil {
			return list, err
		}
	}
}

// Pace is how long a watcher of n units rests after each look. Looking at a
// unit and telling a client of it costs some ten microseconds, so watching
// takes a tenth of a core at most, however fast the states change; a person
// sees ten changes a second.
func Pace(n int) time.Duration {
	return min(time.Duration(n)*100*time.Microsecond, 100*time.Millisecond)
}

// pause waits until the channel gives something or is closed.
func pause[T any](ctx context.Context, s *Supervisor, until <-chan T) error {
	select {
	case <-until:
		return nil
	case <-s.ended:
		return ErrClosing
	case <-ctx.Done():
		return ctx.Err()
	}
}

func allDone(list []Standing) bool {
	for _, st := range list {
		if !st.Done {
			return false
		}
	}
	return true
}
