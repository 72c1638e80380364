package logs

import (
	"context"
	"regexp"
	"time"
)

// File is a stream on disk.
type File struct {
	Unit, Kind, Path string
}

// Query says which lines to read.
type Query struct {
	// Lines are the last lines of each file to begin with; -1 means all of
	// them, 0 none.
	Lines int
	// Since and Until bound the time of a line; zero means no bound.
	Since, Until time.Time
	// Grep is what a line has to match, nil for every line.
	Grep *regexp.Regexp
	// Run is the run that wrote the line, 0 for any.
	Run uint64
	// Follow goes on with what is written from now on.
	Follow bool
	// Newest jumps to the newest lines where a reader falls behind.
	Newest bool
	// Blocks lets one Line have several that came at the same time, where none
	// has to be looked at by itself.
	Blocks bool
}

// Line is one line, or a piece of one.
type Line struct {
	// File is the index of the file it came from.
	File int
	// Data is without the newline. In a block, newlines are between its lines.
	Data []byte
	Time time.Time
	Run  uint64
	// Open is true where no newline follows.
	Open bool
}

// Skip says that part of a file was not read.
type Skip struct {
	File  int
	Bytes int64
	// Lines is -1 where nobody could count them.
	Lines int64
	// Why is "rotated", "newest", "truncated" (somebody else cut the file)
	// or "lost" (there was no room for them).
	Why string
}

// The bounds of one batch. Those of a follower begin narrow, for it may hold one
// for as long as nobody takes it, and there may be hundreds; each that is taken
// makes them wider.
const (
	batchLines = 256
	batchBytes = 128 << 10

	followLines = 64
	followBytes = 16 << 10
)

// openPatience is how long a follower waits for the rest of a line before it
// hands out what there is.
const openPatience = 200 * time.Millisecond

// looksEach is how often all followers together look at their files: so many
// times a second that one alone does not notice, and so few that hundreds leave
// the processor to others.
const looksEach = 2 * time.Millisecond

// Read calls emit with the lines of the files, merged by time, batch by batch,
// at the pace of emit, which may block; what it gets is valid until it returns.
// Without Follow it ends at the end of the files; with it when ctx ends, after a last
// look at the files, and without an error. The mover tells when files grow; it
// may be nil where nobody writes to them.
func Read(ctx context.Context, files []File, q Query, m *Mover, emit func([]Line, []Skip) error) error {
	grown := make(chan struct{}, 1)
	if q.Follow && m != nil {
		paths := make([]string, 0, len(files))
		for _, f := range files {
			paths = append(paths, f.Path)
		}
		defer m.follow(grown, paths)()
	}
	r := newReading(files, q, m, emit)
	defer r.close()
	if err := r.begin(); err != nil {
		return err
	}
	return r.run(ctx, grown)
}

// newReading is one Read that has looked at nothing yet.
func newReading(files []File, q Query, m *Mover, emit func([]Line, []Skip) error) *reading {
	r := &reading{q: q, emit: emit, shelf: new(shelf), rest: func() time.Duration { return 0 }}
	r.merge.lines, r.merge.bytes = batchLines, batchBytes
	if q.Follow {
		r.merge.lines, r.merge.bytes = followLines, followBytes
	} else {
		r.pages = &pages{cloned: q.filters()}
	}
	readers := 1
	if m != nil {
		r.shelf = &m.shelf
	}
	if q.Follow && m != nil {
		readers = m.following()
		r.rest = func() time.Duration { return time.Duration(m.following()) * looksEach }
	}
	needles := needles(q.Grep)
	for i, f := range files {
		r.cursors = append(r.cursors, &cursor{
			file: i, path: f.Path, q: q, needles: needles,
			chunk: chunkOf(len(files), readers), shelf: r.shelf, pages: r.pages,
		})
	}
	return r
}

// reading is one Read.
type reading struct {
	q       Query
	emit    func([]Line, []Skip) error
	cursors []*cursor
	merge   merge
	shelf   *shelf
	// pages is nil for a follower.
	pages *pages
	// rest is how long there is at least between two looks at the files.
	rest func() time.Duration
}

// chunkOf is how much of each of so many files is read at once, so that a reader
// of many holds no more than one of few, nor a crowd of readers much more than
// some.
func chunkOf(files, readers int) int64 {
	each, least := int64(chunksBytes), int64(leastChunk)
	if share := int64(crowdBytes / max(readers, 1)); share < each {
		each, least = share, crowdChunk
	}
	return min(max(each/int64(max(files, 1)), least), mostChunk)
}

// begin has each file where its first line is.
func (r *reading) begin() error {
	r.shelf.begin()
	defer r.shelf.end()
	for _, c := range r.cursors {
		if err := c.begin(); err != nil {
			return err
		}
		r.shelf.breathe()
	}
	return nil
}

func (r *reading) close() {
	r.shelf.begin()
	defer r.shelf.end()
	for _, c := range r.cursors {
		c.close()
	}
}

func (r *reading) run(ctx context.Context, grown <-chan struct{}) error {
	patience := time.NewTimer(openPatience)
	defer patience.Stop()
	for {
		if err := r.pass(ctx, !r.q.Follow); err != nil || !r.q.Follow {
			return err
		}
		looked := time.Now()
		patience.Stop()
		if r.holding() {
			patience.Reset(openPatience)
		}
		select {
		case <-grown:
			pause(ctx, time.Until(looked.Add(r.rest())))
		case <-patience.C:
			if err := r.pass(ctx, true); err != nil {
				return err
			}
		case <-ctx.Done():
			return r.lastLook(context.WithoutCancel(ctx))
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// lastLook hands out what the files have now, and no more: a flood has no end.
func (r *reading) lastLook(ctx context.Context) error {
	if err := r.stopHere(); err != nil {
		return err
	}
	return r.pass(ctx, true)
}

// stopHere makes the present ends of the files the end of reading.
func (r *reading) stopHere() error {
	r.shelf.begin()
	defer r.shelf.end()
	for _, c := range r.cursors {
		if err := c.stopHere(); err != nil {
			return err
		}
	}
	return nil
}

// holding is whether a file ends in the middle of a line.
func (r *reading) holding() bool {
	for _, c := range r.cursors {
		if c.held() {
			return true
		}
	}
	return false
}

// pass hands out every line there is now, oldest first; with final also the
// beginnings of lines that have no end yet.
func (r *reading) pass(ctx context.Context, final bool) error {
	r.merge.final = final
	for look := true; ; {
		lines, skips, err := r.batch(look)
		if err != nil || len(lines)+len(skips) == 0 {
			return err
		}
		if look, err = r.hand(lines, skips); err != nil {
			return err
		}
		r.merge.widen()
		if r.pages != nil {
			r.pages.recycle()
		}
		if err := ctx.Err(); err != nil {
			if r.q.Follow {
				// The lines at hand come with the last look.
				return nil
			}
			return err
		}
	}
}

// batch is the next lines, in a turn of their own. With look the first line of every
// file is read before.
func (r *reading) batch(look bool) ([]Line, []Skip, error) {
	r.shelf.begin()
	defer r.shelf.end()
	if look {
		if err := r.look(); err != nil {
			return nil, nil, err
		}
	}
	lines, skips, err := r.merge.batch()
	if len(lines)+len(skips) > 0 && r.wary() {
		r.drop()
	}
	return lines, skips, err
}

// look has the first line of every file at hand.
func (r *reading) look() error {
	for _, c := range r.cursors {
		if c.waiting {
			continue
		}
		if err := r.merge.add(c); err != nil {
			return err
		}
	}
	return nil
}
