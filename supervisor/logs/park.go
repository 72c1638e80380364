package logs

import "time"

// A follower that does not take what it is handed holds nothing else meanwhile: what
// was read ahead of it, in each of its files, is dropped and read again when it goes
// on. So hundreds of them cost little, however many files they follow and however
// long the lines are.

// parkAfter is how long a follower may let lines wait before what was read ahead is
// dropped. One that has not shown yet that it takes any never has it.
const parkAfter = 200 * time.Millisecond

// mark is where a cursor was before the line that waits to be merged.
type mark struct {
	at            int64
	inside, match bool
}

// wary is whether nothing is read ahead at all.
func (r *reading) wary() bool { return r.q.Follow && r.merge.narrow() }

// hand hands lines out, and says whether the files have to be looked at again.
func (r *reading) hand(lines []Line, skips []Skip) (look bool, err error) {
	if !r.q.Follow || r.wary() {
		return r.wary(), r.emit(lines, skips)
	}
	dropped := make(chan struct{})
	late := time.AfterFunc(parkAfter, func() {
		defer close(dropped)
		r.shelf.begin()
		defer r.shelf.end()
		r.drop()
	})
	err = r.emit(lines, skips)
	if late.Stop() {
		return false, err
	}
	<-dropped
	return true, err
}

// drop forgets what was read and not handed out, in a turn.
func (r *reading) drop() {
	for _, h := range r.merge.heads {
		h.c.rewind()
	}
	clear(r.merge.heads)
	r.merge.heads = nil
	for _, c := range r.cursors {
		c.buf, c.page = nil, nil
	}
}

// rewind goes back to before the line that waits to be merged.
func (c *cursor) rewind() {
	c.at, c.inside, c.match = c.before.at, c.before.inside, c.before.match
	c.waiting = false
}
