package logs

import (
	"slices"
	"sort"
	"time"

	"systemg/tui/board"
	"systemg/tui/pane"
)

// Pane shows the lines of some units.
type Pane struct {
	// Number is what the root knows the pane by, Units are IDs.
	Number int
	Units  []string
	// Kinds are the streams shown: "stdout", "stderr", or both.
	Kinds []string
	// Solo is whether there is no other pane beside it, Zoomed whether it has
	// the screen for itself, and no title.
	Solo, Zoomed bool
	// Wrap is whether long lines are wrapped, Stamps how times are shown.
	Wrap   bool
	Stamps Stamps
	// Zone is the time zone of what is shown.
	Zone *time.Location

	buf    buffer
	follow bool
	// top is the number of the first line shown, and row how many of its
	// rows are above; only while not following.
	top int64
	row int
	// fresh is how many lines came since it stopped following.
	fresh  int64
	offset int

	filter, search *pattern
	// shown are the numbers of the lines that pass the filter.
	shown  []int64
	origin bool
	// loading is whether lines were asked for.
	loading bool
	// from and to are the selected lines while selecting; to moves.
	selecting bool
	from, to  int64

	rate  rate
	gaps  int
	ended string
	cache cache
	// version grows with everything that changes the picture.
	version uint64
}

// Stamps is how the times of lines are shown.
type Stamps uint8

// The ways.
const (
	Clock Stamps = iota
	Full
	Hidden
)

// New is a pane that follows.
func New(number int, units ...string) *Pane {
	return &Pane{Number: number, Units: units, Kinds: []string{"stdout", "stderr"}, Solo: true, follow: true, Zone: time.Local}
}

// Following is whether it shows the newest lines.
func (p *Pane) Following() bool { return p.follow }

// Touch has the pane draw itself anew.
func (p *Pane) Touch() { p.version++ }

// Arrive takes lines that were written: count of them, of which dropped were
// let go before.
func (p *Pane) Arrive(b *board.Board, list []Line, count, dropped int64, now time.Time) {
	p.rate.add(count, now)
	if dropped > 0 {
		list = append([]Line{{Mark: Skipped, Text: countOf(dropped) + " skipped"}}, list...)
	}
	before := p.buf.next()
	for i := range list {
		switch l := &list[i]; l.Mark {
		case Skipped, Gap:
			p.gaps++
		case Restart:
			l.Text = restartText(b, l)
		case None, Drawn, Origin:
		}
	}
	p.buf.add(list)
	if !p.follow {
		p.fresh += count
	}
	p.refilter(before)
	p.version++
}

// End takes that no more lines will come.
func (p *Pane) End(why string) {
	p.ended = why
	p.version++
}

// Tick counts time where no lines come.
func (p *Pane) Tick(now time.Time) {
	if p.rate.settle(now) {
		p.version++
	}
}

// Before takes older lines; none where the beginning of the log is reached.
func (p *Pane) Before(b *board.Board, list []Line) {
	p.loading = false
	p.version++
	for i := range list {
		if list[i].Mark == Restart {
			list[i].Text = restartText(b, &list[i])
		}
	}
	wasTop := p.top <= p.buf.first()
	oldFirst := p.buf.first()
	if n := p.buf.before(list); n == 0 && !p.origin {
		p.origin = true
		p.buf.before([]Line{{Mark: Origin}})
	}
	p.refilter(p.buf.first())
	if wasTop && !p.follow {
		p.top, p.row = oldFirst, 0
	}
}

// Behind takes newer lines that follow the window; live is whether it then
// reaches the present.
func (p *Pane) Behind(b *board.Board, list []Line, live bool) {
	p.loading = false
	list = p.buf.unseen(list)
	before := p.buf.next()
	p.buf.held = false
	p.buf.add(list)
	p.buf.held = !p.follow
	p.origin = p.origin && p.buf.hasOrigin()
	if live {
		p.buf.missed = 0
	}
	p.refilter(before)
	_ = b
	p.version++
}

// Replace takes another window of the log: its beginning, or its end. Which of
// its lines were skipped is counted anew.
func (p *Pane) Replace(b *board.Board, list []Line, beginning bool, missed int64) {
	p.loading = false
	p.buf = buffer{held: !p.follow || beginning}
	p.origin = beginning
	if beginning {
		list = append([]Line{{Mark: Origin}}, list...)
	}
	for i := range list {
		if list[i].Mark == Restart {
			list[i].Text = restartText(b, &list[i])
		}
	}
	p.buf.held = false
	p.buf.add(list)
	p.buf.missed = missed
	p.refilter(p.buf.first())
	if beginning {
		p.rest()
		p.top, p.row = p.buf.first(), 0
	}
	p.buf.held = !p.follow
	p.version++
}

// Failed takes that lines which were asked for do not come.
func (p *Pane) Failed() {
	p.loading = false
	p.version++
}

// Ready empties the pane before a stream is opened anew.
func (p *Pane) Ready() {
	p.buf, p.shown, p.fresh, p.gaps = buffer{}, nil, 0, 0
	p.follow, p.origin, p.loading, p.selecting, p.ended = true, false, false, false, ""
	p.row, p.offset, p.rate = 0, 0, rate{}
	p.version++
}

// Oldest is the time of the oldest line, and how many lines have it; false
// where there is none.
func (p *Pane) Oldest() (t time.Time, same int, ok bool) {
	nanos, ok := p.buf.oldest()
	return time.Unix(0, nanos), p.buf.sameTime(), ok
}

// Newest is the time of the newest line.
func (p *Pane) Newest() (time.Time, bool) {
	for _, l := range slices.Backward(p.buf.lines) {
		if l.Mark == None {
			return time.Unix(0, l.Time), true
		}
	}
	return time.Time{}, false
}

// At is the time of the first line that is shown, for a pager and for panes
// that scroll together.
func (p *Pane) At(f pane.Frame) (time.Time, bool) {
	at, _ := p.position(p.metrics(f))
	for ; at < p.count(); at++ {
		if l := p.line(at); l.Time > 0 {
			return time.Unix(0, l.Time), true
		}
	}
	return time.Time{}, false
}

// ScrollTo rests at the first line that is not older than a time.
func (p *Pane) ScrollTo(t time.Time) {
	i := p.buf.since(t.UnixNano())
	if i >= len(p.buf.lines) {
		return
	}
	p.rest()
	p.top, p.row = p.buf.lines[i].Seq, 0
	p.version++
}

// rest stops following; what is shown stays.
func (p *Pane) rest() {
	if p.follow {
		p.follow, p.fresh = false, 0
		p.buf.held = true
	}
	p.version++
}

// resume follows again.
func (p *Pane) resume() pane.Intent {
	p.version++
	if p.buf.missed > 0 {
		p.loading = true
		p.follow, p.fresh = true, 0
		return pane.Reopen{Pane: p.Number}
	}
	p.follow, p.fresh, p.row = true, 0, 0
	p.buf.held = false
	p.buf.trim()
	p.refilter(p.buf.first())
	return nil
}

// count is how many lines could be shown, line the i-th of them.
func (p *Pane) count() int {
	if p.filter != nil {
		return len(p.shown)
	}
	return len(p.buf.lines)
}

func (p *Pane) line(i int) *Line {
	if p.filter != nil {
		return &p.buf.lines[p.buf.at(p.shown[i])]
	}
	return &p.buf.lines[i]
}

// find is the index of the first line whose number is at least seq.
func (p *Pane) find(seq int64) int {
	if p.filter == nil {
		return max(0, min(int(seq-p.buf.first()), len(p.buf.lines)))
	}
	return sort.Search(len(p.shown), func(i int) bool { return p.shown[i] >= seq })
}

// Has is whether there are lines.
func (p *Pane) Has() bool { return len(p.buf.lines) > 0 }

// Cut takes that the stream is shut: what is written from now on is missed.
func (p *Pane) Cut() {
	if p.Has() {
		p.buf.missed++
	}
	p.rate = rate{}
}
