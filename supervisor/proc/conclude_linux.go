package proc

// news is what is to be found out about a tree: what it means that its main
// process has ended, or that another one has.
type news struct {
	tree *tree
	// exit is nil while the main process lives, and once it was told.
	exit *exit
	// looks counts the looks that found nobody and left a doubt.
	looks int
}

// looks is how often in a turn a tree is looked for at once where all that was
// found of it had ended.
const looks = 3

// conclude finds out what the news means for each tree, and tells. One look
// serves all trees, and so does the next one for those that are in doubt, and
// the chase in between: no tree waits for another's.
func (h *Host) conclude(t *turn) {
	for list := t.news(nil); len(list) > 0; list = t.news(list) {
		h.reapStrangers(t)
		list = t.news(list)
		l := h.lookAround(list)
		var doubtful []*news
		for _, n := range list {
			left, doubt := h.found(l, n.tree)
			if n.looks++; len(left) == 0 && doubt && n.looks < looks {
				doubtful = append(doubtful, n)
				continue
			}
			h.tell(n, left, doubt)
		}
		h.chase(t, doubtful)
		list = doubtful
	}
}

// news adds to a list what the turn has found since, in the order in which it
// happened.
func (t *turn) news(list []*news) []*news {
	about := make(map[*tree]*news, len(list))
	for _, n := range list {
		about[n.tree] = n
	}
	add := func(tr *tree) *news {
		if about[tr] == nil {
			about[tr] = &news{tree: tr}
			list = append(list, about[tr])
		}
		return about[tr]
	}
	for _, e := range t.exited {
		add(e.tree).exit = &e
	}
	for tr := range t.recheck {
		add(tr)
	}
	t.exited = nil
	clear(t.recheck)
	return list
}

// tell tells of an end, and settles what follows from it.
func (h *Host) tell(n *news, left []int, doubt bool) {
	if e := n.exit; e != nil {
		// Whoever hears of leftovers may want to signal them.
		h.mu.Lock()
		h.watchLeftovers(n.tree, left)
		h.mu.Unlock()
		h.o.Notify(Exited{Tree: n.tree.id, Status: e.status, Time: e.time, Leftover: left, Told: e.told})
	}
	h.settle(n.tree, left, doubt)
}
