package logs

import (
	"fmt"
	"time"

	"systemg/tui/board"
	"systemg/tui/widget"
)

// rate is how many lines come in a second.
type rate struct {
	began time.Time
	n     int64
	// warm is whether a second is over since the first lines came: with them
	// come those that were written long ago.
	warm bool
	// perSecond is what is shown.
	perSecond float64
}

// add counts lines.
func (r *rate) add(n int64, now time.Time) {
	if r.began.IsZero() {
		r.began = now
	}
	r.n += n
	r.settle(now)
}

// settle closes a second that is over, and says whether another figure came of
// it.
func (r *rate) settle(now time.Time) bool {
	d := now.Sub(r.began)
	if r.began.IsZero() || d < time.Second {
		return false
	}
	if !r.warm {
		r.began, r.n, r.warm = now, 0, true
		return false
	}
	before := widget.Rate(r.perSecond)
	r.perSecond = float64(r.n) / d.Seconds()
	r.began, r.n = now, 0
	return widget.Rate(r.perSecond) != before
}

func countOf(n int64) string {
	if n == 1 {
		return "1 line"
	}
	return widget.Thousands(n) + " lines"
}

// restartText says which run begins, and how the one before it ended as far
// as that is known.
func restartText(b *board.Board, l *Line) string {
	text := fmt.Sprintf("run %d", l.Run)
	var best *board.Event
	for i := len(b.Events) - 1; i >= 0; i-- {
		e := &b.Events[i]
		if e.Exit != nil && e.Exit.Run < l.Run && e.Project+"/"+e.Unit == l.Unit {
			best = e
			break
		}
	}
	if best != nil {
		return fmt.Sprintf("%s, after %s", text, best.Exit.Text)
	}
	if u := b.Unit(l.Unit); u != nil && u.LastExit != nil && u.LastExit.Run == l.Run-1 {
		return fmt.Sprintf("%s, after %s", text, u.LastExit.Text)
	}
	return text
}
