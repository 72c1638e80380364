package logs

import "container/heap"

// merge takes the oldest line of several cursors, again and again.
type merge struct {
	// lines and bytes bound a batch.
	lines, bytes int

	final bool
	heads []head
	skips []Skip
}

// head is a cursor and the line it is at.
type head struct {
	c    *cursor
	line Line
}

// add takes a cursor in, if it has a line.
func (m *merge) add(c *cursor) error {
	line, ok, err := c.next(m.final)
	m.skips = append(m.skips, c.skipped...)
	c.skipped = nil
	if err != nil || !ok {
		return err
	}
	c.waiting = true
	heap.Push(m, head{c: c, line: line})
	return nil
}

// advance has the cursor of the oldest line go on to its next one.
func (m *merge) advance() error {
	h := &m.heads[0]
	line, ok, err := h.c.next(m.final)
	m.skips = append(m.skips, h.c.skipped...)
	h.c.skipped = nil
	if err != nil || !ok {
		h.c.waiting = false
		heap.Pop(m)
		return err
	}
	h.line = line
	heap.Fix(m, 0)
	return nil
}

// batch is the next lines in order, or what was skipped before the next of
// them; neither when there are no more now.
func (m *merge) batch() (lines []Line, skips []Skip, err error) {
	size := 0
	for len(m.heads) > 0 && len(lines) < m.lines && size < m.bytes && len(m.skips) == 0 {
		line := m.heads[0].line
		lines = append(lines, line)
		size += len(line.Data)
		if err := m.advance(); err != nil {
			return nil, nil, err
		}
	}
	if len(lines) > 0 {
		return lines, nil, nil
	}
	skips, m.skips = m.skips, nil
	return nil, skips, nil
}

// widen lets the next batch have twice as much, up to what any may have.
func (m *merge) widen() {
	m.lines, m.bytes = min(2*m.lines, batchLines), min(2*m.bytes, batchBytes)
}

// narrow is whether the reader has not yet taken enough to have as much as any.
func (m *merge) narrow() bool { return m.bytes < batchBytes }

// Len, Less, Swap, Push and Pop are heap.Interface.
func (m *merge) Len() int { return len(m.heads) }

// Less puts the older line first, and lines of one moment in file order.
func (m *merge) Less(i, j int) bool {
	a, b := m.heads[i].line, m.heads[j].line
	if !a.Time.Equal(b.Time) {
		return a.Time.Before(b.Time)
	}
	return a.File < b.File
}

// Swap swaps.
func (m *merge) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }

// Push appends.
func (m *merge) Push(x any) { m.heads = append(m.heads, x.(head)) }

// Pop takes the last.
func (m *merge) Pop() any {
	last := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return last
}
