package view

import (
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"systemg/ipc"
)

// redraw is the shortest time between two pictures on a terminal.
const redraw = 100 * time.Millisecond

// Progress shows units on their way while an operation lasts. On a terminal
// with colours it is one block that is drawn over and over at the same place,
// at most ten times a second, and erased by Done; the last update of a burst
// is drawn too, by a timer that Done stops. Anywhere else it is one line for
// each unit that arrives, fails, or cannot be stopped yet.
//
// It may be used by several goroutines; nobody else may write to w between
// NewProgress and Done. Errors of w are ignored: the outcome tells.
type Progress struct {
	w     io.Writer
	st    Style
	live  bool
	began time.Time

	mu          sync.Mutex
	units       map[string]ipc.Progress
	order       []string
	done, total int
	told        map[string]string
	timer       *time.Timer
	last        time.Time
	drawn       int
	over        bool
}

// NewProgress shows progress on w from now on.
func NewProgress(w io.Writer, st Style) *Progress {
	return &Progress{
		w: w, st: st, live: st.terminal() && st.Color && !st.Plain, began: time.Now(),
		units: map[string]ipc.Progress{}, told: map[string]string{},
	}
}

// Update takes a note of a unit on its way.
func (p *Progress) Update(n ipc.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if _, known := p.units[n.Unit.ID]; !known {
		p.order = append(p.order, n.Unit.ID)
	}
	p.units[n.Unit.ID] = n
	p.done, p.total = n.Done, n.Total
	if !p.live {
		p.tell(n)
		return
	}
	now := time.Now()
	switch wait := redraw - now.Sub(p.last); {
	case p.timer != nil:
	case wait <= 0:
		p.draw(now)
	default:
		p.timer = time.AfterFunc(wait, p.late)
	}
}

// late draws what came too soon after the picture before it.
func (p *Progress) late() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = nil
	if !p.over {
		p.draw(time.Now())
	}
}

// Done ends the showing. What was drawn is erased.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.over = true
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.drawn > 0 {
		io.WriteString(p.w, "\x1b["+strconv.Itoa(p.drawn)+"A\r\x1b[J")
	}
}

// draw puts the block over the one before.
func (p *Progress) draw(now time.Time) {
	p.last = now
	st := p.st
	st.Now = now
	// A line that fills the last column makes some terminals wrap.
	st.Width = max(st.Width-1, 1)
	lines := block(st, p.moving(), p.done, p.total)
	var b strings.Builder
	if p.drawn > 0 {
		b.WriteString("\x1b[" + strconv.Itoa(p.drawn) + "A")
	}
	b.WriteByte('\r')
	for _, l := range lines {
		b.WriteString(st.render(l) + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	p.drawn = len(lines)
	io.WriteString(p.w, b.String())
}

// moving are the units that are not where they are to be: those that failed
// first, those that only wait last.
func (p *Progress) moving() []ipc.Progress {
	var groups [3][]ipc.Progress
	for _, id := range p.order {
		n := p.units[id]
		switch s := n.Unit.State; {
		case s == "failed" || s == "blocked" || s == "backoff":
			groups[0] = append(groups[0], n)
		case n.Unit.Rollout != nil && rolledBadly(n.Unit.Deploy):
			groups[0] = append(groups[0], n)
		case s == "pending":
			groups[2] = append(groups[2], n)
		case !arrived(n.Unit):
			groups[1] = append(groups[1], n)
		}
	}
	return append(append(groups[0], groups[1]...), groups[2]...)
}

// arrived is whether the unit is in a state that its operation may end in.
func arrived(u ipc.Unit) bool {
	if u.Rollout != nil {
		return false
	}
	switch u.State {
	case "completed", "failed", "blocked", "skipped", "scheduled":
		return true
	case "running":
		return u.Desired != "down"
	case "stopped":
		return u.Desired != "up"
	}
	return false
}

// barWidth is the width of the bar before the counts.
const barWidth = 20

// block is the picture: a bar, and below it as many units as leave the
// terminal's last line free.
func block(st Style, moving []ipc.Progress, done, total int) []line {
	full := 0
	if total > 0 {
		full = min(max(done*barWidth/total, 0), barWidth)
	}
	lines := []line{{
		{tone: good, text: strings.Repeat(st.pick("━", "#"), full)},
		{tone: faint, text: strings.Repeat(st.pick("─", "."), barWidth-full)},
		{text: " " + strconv.Itoa(done) + " of " + strconv.Itoa(total)},
	}}
	height := st.Height
	if height <= 0 {
		height = defaultHeight
	}
	room := max(height-2, 0)
	left := 0
	if len(moving) > room {
		room = max(room-1, 0)
		left, moving = len(moving)-room, moving[:room]
	}
	names, states := 0, 0
	for _, n := range moving {
		names = max(names, width(clean(n.Unit.Name)))
		states = max(states, width(doing(st, n.Unit).text))
	}
	for _, n := range moving {
		l := line{st.sign(n.Unit.State), {text: " "}, say(normal, n.Unit.Name)}.pad(2 + names + 2)
		l = append(l, doing(st, n.Unit)).pad(2 + names + 2 + states + 2)
		lines = append(lines, append(l, say(faint, firstOf(n.Waiting, n.Unit.Reason))))
	}
	if left > 0 && height > 2 {
		lines = append(lines, line{{tone: faint, text: st.ellipsis() + " " + thousands(int64(left)) + " more"}})
	}
	return lines
}

// tell writes a line where there is news of a unit: it arrived, or what a
// stop waits for is another.
func (p *Progress) tell(n ipc.Progress) {
	u := n.Unit
	text := stateOf(u)
	switch {
	case u.Rollout != nil:
		text = rolling(u)
	case u.State == "stopping" && n.Waiting != "":
		text += ": " + n.Waiting
	case !arrived(u) && u.State != "backoff", u.Since.Before(p.began):
		return
	case u.Reason != "":
		text += ": " + u.Reason
	}
	if p.told[u.ID] == text {
		return
	}
	p.told[u.ID] = text
	counts := strconv.Itoa(n.Done) + "/" + strconv.Itoa(n.Total)
	l := line{{text: counts + "  "}}
	if !p.st.Plain {
		l = append(l, p.st.sign(stateOf(u)), span{text: " "})
	}
	l = append(l, say(normal, u.Name+" "), say(markOf(stateOf(u)).tone, text))
	io.WriteString(p.w, p.st.render(l)+"\n")
}
