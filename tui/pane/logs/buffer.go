package logs

import (
	"slices"
	"sort"
)

// The bounds of a pane's memory: how many lines, and how much text.
const (
	keepLines = 10_000
	keepBytes = 3 << 20
)

// buffer is the lines a pane has, in order. It never has more than its bounds
// for long: with a reader at its end the oldest go; while somebody reads in it,
// the newest are only counted.
type buffer struct {
	lines []Line
	bytes int
	// missed is how many lines came and were not kept, at the end.
	missed int64
	// held is whether the oldest may not go.
	held bool
}

func (b *buffer) first() int64 {
	if len(b.lines) == 0 {
		return 0
	}
	return b.lines[0].Seq
}

// next is the Seq that the next line gets.
func (b *buffer) next() int64 {
	if len(b.lines) == 0 {
		return 0
	}
	return b.lines[len(b.lines)-1].Seq + 1
}

// at is the index of the line with a Seq, or of the nearest one.
func (b *buffer) at(seq int64) int {
	return min(max(int(seq-b.first()), 0), max(len(b.lines)-1, 0))
}

// full is whether nothing more fits without letting something go.
func (b *buffer) full() bool { return len(b.lines) >= keepLines || b.bytes >= keepBytes }

// add appends lines. Those that go on an open line replace it.
func (b *buffer) add(list []Line) {
	for _, l := range list {
		if i := b.openLine(l); i >= 0 {
			b.bytes += len(l.Text) - len(b.lines[i].Text)
			l.Seq = b.lines[i].Seq
			b.lines[i] = l
			continue
		}
		if b.held && b.full() {
			b.missed++
			continue
		}
		l.Seq = b.next()
		b.lines = append(b.lines, l)
		b.bytes += len(l.Text)
	}
	if !b.held {
		b.trim()
	}
}

// nearEnd is how far back the beginning of a line that goes on is looked for:
// other units' lines may have come in between.
const nearEnd = 64

// openLine is the index of the open line that l goes on, -1 for none.
func (b *buffer) openLine(l Line) int {
	if !l.Goes {
		return -1
	}
	for i := len(b.lines) - 1; i >= max(len(b.lines)-nearEnd, 0); i-- {
		if old := &b.lines[i]; old.Mark == None && old.key() == l.key() {
			if old.Open && old.Run == l.Run {
				return i
			}
			return -1
		}
	}
	return -1
}

// trim lets the oldest go, a good number at a time.
func (b *buffer) trim() {
	if !b.full() {
		return
	}
	n, bytes := 0, b.bytes
	for n < len(b.lines) && (len(b.lines)-n > keepLines*9/10 || bytes > keepBytes*9/10) {
		bytes -= len(b.lines[n].Text)
		n++
	}
	// In place: nobody holds on to the lines, and a flood trims often.
	left := copy(b.lines, b.lines[n:])
	clear(b.lines[left:])
	b.lines, b.bytes = b.lines[:left], bytes
}

// before puts older lines in front. Those the buffer has are left out. Where
// there is no room the newest go: they can be read again.
func (b *buffer) before(list []Line) int {
	list = b.unknown(list)
	at := b.first() - int64(len(list))
	for i := range list {
		list[i].Seq = at + int64(i)
		b.bytes += len(list[i].Text)
	}
	b.lines = append(list, b.lines...)
	for b.full() && len(b.lines) > len(list) {
		end := len(b.lines) - 1
		b.bytes -= len(b.lines[end].Text)
		b.lines = b.lines[:end]
		b.missed++
	}
	return len(list)
}

// unknown is list without the lines that the buffer begins with. Lines of one
// time cannot be told apart but by counting.
func (b *buffer) unknown(list []Line) []Line {
	oldest, ok := b.oldest()
	if !ok {
		return list
	}
	have := map[Key]int{}
	for i := range b.lines {
		if l := &b.lines[i]; l.Mark == None && l.Time == oldest {
			have[l.key()]++
		}
	}
	var out []Line
	for _, l := range slices.Backward(list) {
		if l.Mark == None && l.Time > oldest {
			continue
		}
		if l.Mark == None && l.Time == oldest && have[l.key()] > 0 {
			have[l.key()]--
			continue
		}
		out = append(out, l)
	}
	slices.Reverse(out)
	return out
}

// oldest is the time of the oldest line that was written.
func (b *buffer) oldest() (int64, bool) {
	for i := range b.lines {
		if b.lines[i].Mark == None {
			return b.lines[i].Time, true
		}
	}
	return 0, false
}

// sameTime is how many lines have the oldest time.
func (b *buffer) sameTime() int {
	oldest, ok := b.oldest()
	n := 0
	for i := range b.lines {
		if ok && b.lines[i].Mark == None && b.lines[i].Time == oldest {
			n++
		}
	}
	return n
}

// since is the index of the first line that is not older than a time.
func (b *buffer) since(nanos int64) int {
	return sort.Search(len(b.lines), func(i int) bool { return b.lines[i].Time >= nanos })
}

// clear lets all lines go; those that come are numbered on.
func (b *buffer) clear() {
	next := b.next()
	b.lines = append(b.lines[:0:0], Line{Seq: next, Mark: Drawn, Text: "cleared"})
	b.bytes, b.missed = 0, 0
}

// unseen is list without the lines that the buffer ends with.
func (b *buffer) unseen(list []Line) []Line {
	var newest int64
	for i := range b.lines {
		newest = max(newest, b.lines[i].Time)
	}
	have := map[Key]int{}
	for i := range b.lines {
		if l := &b.lines[i]; l.Mark == None && l.Time == newest {
			have[l.key()]++
		}
	}
	var out []Line
	for _, l := range list {
		if l.Mark == None && l.Time < newest {
			continue
		}
		if l.Mark == None && l.Time == newest && have[l.key()] > 0 {
			have[l.key()]--
			continue
		}
		out = append(out, l)
	}
	return out
}

func (b *buffer) hasOrigin() bool { return len(b.lines) > 0 && b.lines[0].Mark == Origin }
