package proc

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Of a child that was made its parent's sibling the kernel keeps, whatever it
// takes off, the thread of this process that its parent was a child of too. So
// it belongs to a tree of that thread; and where those are several, to the one
// whose memory it has a copy of, or that is left when the others have ended. It
// is nobody's as long as that is open.

// suspects are the trees to one of which a stranger belongs, as the kernel tells;
// nil among them stands for others than trees.
func (h *Host) suspects(s stranger) []*tree {
	of, made := h.ask(s)
	if made && s.thread == 0 {
		// Who has begun its line may be a main process that is being forked.
		h.awaitForks()
		of, _ = h.ask(s)
	}
	return of
}

// ask asks of which line a stranger is, or else of which thread. Made is whether
// that line was begun by another one.
func (h *Host) ask(s stranger) (of []*tree, made bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.births != nil {
		h.catchUp()
		if l := h.births.lines[s.pid]; l != nil {
			return h.owners(l)
		}
	}
	if s.thread == 0 {
		return nil, false
	}
	st, err := readStat(s.pid)
	if err != nil {
		return nil, false
	}
	return h.forkedBy(s.thread, st.ticks), false
}

// owners are the trees to one of which a line belongs; h.mu is held.
func (h *Host) owners(l *line) (of []*tree, made bool) {
	switch tr := h.begunBy(l); {
	case tr != nil:
		return []*tree{tr}, false
	case l.over:
		return nil, false
	case l.foreign:
		return []*tree{nil}, false
	case len(l.makers) == 0:
		return h.forkedBy(l.thread, l.by), true
	}
	for _, m := range l.makers {
		list, _ := h.owners(m)
		for _, tr := range list {
			if !slices.Contains(of, tr) {
				of = append(of, tr)
			}
		}
	}
	return of, true
}

// begunBy is the tree whose main process has begun a line; h.mu is held.
func (h *Host) begunBy(l *line) *tree {
	if tr := h.mains[l.first]; tr != nil && h.births.begun(l.first) == l {
		return tr
	}
	for _, tr := range h.trees {
		if tr.line == l {
			return tr
		}
	}
	return nil
}

// forkedBy are the trees that a thread has forked until then; h.mu is held.
func (h *Host) forkedBy(thread int, until uint64) (list []*tree) {
	for _, tr := range h.trees {
		if thread != 0 && tr.thread == thread && tr.since <= until {
			list = append(list, tr)
		}
	}
	return list
}

// sole is the one of some trees that has not ended; nil where there are more, or
// there is none. h.mu is held.
func (h *Host) sole(of []*tree) (last *tree) {
	for _, tr := range of {
		switch {
		case tr != nil && h.trees[tr.id] != tr:
		case tr == nil || last != nil:
			return nil
		default:
			last = tr
		}
	}
	return last
}

// threadsOf are the threads that have forked some trees.
func threadsOf(list []*news) (threads []int) {
	for _, n := range list {
		if t := n.tree.thread; t != 0 && !slices.Contains(threads, t) {
			threads = append(threads, t)
		}
	}
	return threads
}

// layout is where a process has its program, its stack, its heap and its
// arguments. A fork copies it, and an exec puts each anew where chance wants it:
// so two that have the same are of one line, with no exec in between.
type layout struct{ code, stack, heap, args uint64 }

// compare decides claims by the layout of who is claimed: it is that of a main
// process, or of another one that is claimed for one tree alone.
func (h *Host) compare(claims []claim) {
	of := map[layout][]*tree{}
	var open []*tree
	for _, c := range claims {
		if len(c.of) > 1 {
			open = append(open, c.of...)
		}
	}
	if len(open) == 0 {
		return
	}
	add := func(pid int, tr *tree) {
		if l, ok := layoutOf(pid); ok && !slices.Contains(of[l], tr) {
			of[l] = append(of[l], tr)
		}
	}
	for _, c := range claims {
		if len(c.of) == 1 && slices.Contains(open, c.of[0]) {
			add(c.pid, c.of[0])
		}
	}
	for pid, tr := range h.mainsOf(open) {
		add(pid, tr)
	}
	for i, c := range claims {
		if l, ok := layoutOf(c.pid); ok && len(c.of) > 1 {
			claims[i].of = likely(c.of, of[l])
		}
	}
}

// likely are those of some trees that resemble a process, or all of them where
// none does.
func likely(of, like []*tree) []*tree {
	both := slices.DeleteFunc(slices.Clone(of), func(tr *tree) bool { return tr == nil || !slices.Contains(like, tr) })
	if len(both) == 0 {
		return of
	}
	return both
}

// mainsOf are the main processes of some trees that are not reaped.
func (h *Host) mainsOf(list []*tree) map[int]*tree {
	h.mu.Lock()
	defer h.mu.Unlock()
	mains := map[int]*tree{}
	for _, tr := range list {
		if tr != nil && h.mains[tr.process.PID] == tr {
			mains[tr.process.PID] = tr
		}
	}
	return mains
}

// layoutOf is that of a process; ok is false where the kernel does not tell it,
// and where it is not left to chance.
func layoutOf(pid int) (l layout, ok bool) {
	if !random() || !mayTrace(pid) {
		return layout{}, false
	}
	folder := "/proc/" + strconv.Itoa(pid)
	kind, err := strconv.ParseUint(strings.TrimSpace(readText(folder+"/personality")), 16, 32)
	if err != nil || kind&noChance != 0 {
		return layout{}, false
	}
	data, err := readSmall(folder + "/stat")
	if err != nil {
		return layout{}, false
	}
	return parseLayout(data)
}

// parseLayout takes it from a line of stat (proc(5)): fields 26, 28, 47 and 48.
// Without the right to know them they are 0 or 1.
func parseLayout(data []byte) (l layout, ok bool) {
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 46 {
		return layout{}, false
	}
	for field, into := range map[int]*uint64{26: &l.code, 28: &l.stack, 47: &l.heap, 48: &l.args} {
		n, err := strconv.ParseUint(string(fields[field-3]), 10, 64)
		if err != nil {
			return layout{}, false
		}
		*into = n
	}
	return l, l.code > 1 && l.stack > 1 && l.heap > 1 && l.args > 1
}

// noChance is ADDR_NO_RANDOMIZE of linux/personality.h.
const noChance = 0x40000

// random is whether the kernel leaves the layout to chance
// (kernel.randomize_va_space): not as long as it says 0.
func random() bool {
	text := readText("/proc/sys/kernel/randomize_va_space")
	return text != "" && text[0] != '0'
}
