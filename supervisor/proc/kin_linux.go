package proc

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// kin are processes of a tree that neither its cgroup nor its marker holds any
// more, each with when it started: they have left the one, or taken off the
// other. They are known by their parent, or, once they have lost it, as
// children of this process that say whose they are.
type kin map[int]uint64

// living are the kin that live, without the others.
func (k kin) living() []int {
	var list []int
	for pid, ticks := range k {
		if st, err := readStat(pid); err != nil || st.dead() || st.ticks != ticks {
			delete(k, pid)
			continue
		}
		list = append(list, pid)
	}
	return list
}

// add adds a process, and says whether it lives.
func (k kin) add(pid int) bool {
	st, err := readStat(pid)
	if err != nil || st.dead() {
		return false
	}
	k[pid] = st.ticks
	return true
}

// grow adds the descendants of these processes that are not among them.
func (k kin) grow(from []int) {
	known := make(map[int]bool, len(from))
	for _, pid := range from {
		known[pid] = true
	}
	for todo := slices.Clone(from); len(todo) > 0; todo = todo[1:] {
		for _, pid := range childrenOf(todo[0]) {
			if !known[pid] {
				known[pid] = true
				if k.add(pid) {
					todo = append(todo, pid)
				}
			}
		}
	}
}

// childrenOf are the children of every thread of a process, those that have
// ended too. On a kernel without such lists (CONFIG_PROC_CHILDREN) there are
// none, and kin are known by what they say alone.
func childrenOf(pid int) []int {
	folder := "/proc/" + strconv.Itoa(pid) + "/task"
	var list []int
	for _, thread := range numbers(folder) {
		list = append(list, childrenIn(folder, thread)...)
	}
	return list
}

func childrenIn(folder string, thread int) []int {
	data, err := readSmall(folder + "/" + strconv.Itoa(thread) + "/children")
	if len(data) > smallFile-16 {
		data, err = os.ReadFile(folder + "/" + strconv.Itoa(thread) + "/children")
	}
	if err != nil {
		return nil
	}
	var list []int
	for field := range bytes.FieldsSeq(data) {
		if pid, err := strconv.Atoi(string(field)); err == nil {
			list = append(list, pid)
		}
	}
	return list
}

// stranger is a child of this process, or of the guardian, that is no main
// process. One that has lost its parents is the main thread's, which forks
// nothing, and thread is 0. One that was made a child of its parent's parent
// (CLONE_PARENT, clone(2)) is of the thread that has forked the parent.
type stranger struct{ pid, thread int }

// strangers are those that there are, with those that have ended, of the main
// thread and some others.
func (h *Host) strangers(threads []int) []stranger {
	list := h.unknown(threads)
	if slices.ContainsFunc(list, func(s stranger) bool { return s.thread != 0 }) {
		// It may be one that is being forked just now.
		h.forking.Lock()
		list = h.unknown(threads)
		h.forking.Unlock()
	}
	return list
}

// unknown are the children that are not in the table of main processes.
func (h *Host) unknown(threads []int) (list []stranger) {
	self := os.Getpid()
	for _, thread := range threads {
		for _, pid := range childrenIn("/proc/self/task", thread) {
			list = append(list, stranger{pid: pid, thread: thread})
		}
	}
	orphans := childrenIn("/proc/self/task", self)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.o.Guardian != 0 {
		// The children of earlier supervisors are its, as this process is.
		orphans = append(orphans, childrenOf(h.o.Guardian)...)
	}
	for _, pid := range orphans {
		list = append(list, stranger{pid: pid})
	}
	return slices.DeleteFunc(list, func(s stranger) bool { return h.mains[s.pid] != nil || s.pid == self })
}

// crowd are the strangers there are.
type crowd struct {
	// worn are those that wear a marker or a belt, living or ended.
	worn map[uint64][]int
	// claims are about the others that live and are in no tree's cgroup.
	claims []claim
	// doubts are the trees of which one of the others ended before it could be
	// asked what it has started, doubt says that one of nobody knows whose did.
	doubts map[*tree]bool
	doubt  bool
}

// claim is that a stranger belongs to one of some trees.
type claim struct {
	stranger
	of []*tree
}

// gather asks every stranger whose it is, those of some threads too.
func (h *Host) gather(threads []int) (c crowd) {
	list := h.strangers(threads)
	if len(list) == 0 {
		return c
	}
	c = crowd{worn: map[uint64][]int{}, doubts: map[*tree]bool{}}
	own, cages := ownSession(), h.cages()
	for _, s := range list {
		if worn := wornBy(s.pid); worn != 0 {
			c.worn[worn] = append(c.worn[worn], s.pid)
			continue
		}
		if tr := cages.holder(s.pid); tr != nil {
			// The kernel knows whether it lives.
			c.doubts[tr] = c.doubts[tr] || ended(s.pid)
			continue
		}
		st, err := readStat(s.pid)
		// What is in the session of this process is not of a tree.
		if err == nil && st.session == own {
			continue
		}
		of := h.suspects(s)
		if err == nil && (len(of) != 1 || of[0] == nil) {
			of = h.heard(s, st, of)
		}
		switch {
		case len(of) == 0, slices.Contains(of, nil) && ended(s.pid):
			c.doubt = c.doubt || ended(s.pid)
		case err != nil || st.dead():
			for _, tr := range of {
				c.doubts[tr] = true
			}
		default:
			c.claims = append(c.claims, claim{stranger: s, of: of})
		}
	}
	h.compare(c.claims)
	return c
}

// heard is whose a stranger says it is, of those whose it may be. Of which the
// kernel tells nothing, that may be anybody's.
func (h *Host) heard(s stranger, st stat, of []*tree) []*tree {
	tr := h.claimant(s.pid, st)
	if tr != nil && (len(of) == 0 || slices.Contains(of, tr) || slices.Contains(of, nil)) {
		return []*tree{tr}
	}
	return of
}

// cages are the trees that are held by a cgroup, by its folder.
type cages map[string]*tree

func (h *Host) cages() cages {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := cages{}
	for _, tr := range h.trees {
		if tr.process.Cgroup != "" {
			c[tr.process.Cgroup] = tr
		}
	}
	return c
}

// holder is the tree whose cgroup a process is in, or was in when it ended; nil
// for none.
func (c cages) holder(pid int) *tree {
	if len(c) == 0 {
		return nil
	}
	for folder := cgroupOf(pid); len(folder) > 1; folder = filepath.Dir(folder) {
		if tr := c[folder]; tr != nil {
			return tr
		}
	}
	return nil
}

// ended is whether a process cannot be asked any more: what it was asked for
// was then no answer.
func ended(pid int) bool {
	st, err := readStat(pid)
	return err != nil || st.speechless()
}

// claimant is the tree that a stranger belongs to: because that is known of it
// already, or by its session or group, which are numbered after a main process,
// by its environment, or by the pipe it holds; nil for none. Each is evidence
// only because the process descends from this one.
func (h *Host) claimant(pid int, st stat) *tree {
	told, ok := toldOf(pid)
	held := pipesOf(pid)
	h.mu.Lock()
	defer h.mu.Unlock()
	var byPipe *tree
	for _, tr := range h.trees {
		if ticks, ok := tr.kin[pid]; ok && ticks == st.ticks || st.session == tr.process.PID || st.group == tr.process.PID {
			return tr
		}
		if slices.ContainsFunc(tr.pipes, func(p pipe) bool { return slices.Contains(held, p) }) {
			byPipe = tr
		}
	}
	if ok && h.trees[told] != nil {
		return h.trees[told]
	}
	return byPipe
}

// ownSession is the session of this process.
func ownSession() int {
	sid, err := unix.Getsid(0)
	if err != nil {
		return 0
	}
	return sid
}

// toldOf is the tree that a process was told it belongs to, in its environment.
func toldOf(pid int) (TreeID, bool) {
	t, ok := tellOf(pid)
	return t.tree, ok
}

// pipe is a named pipe, by its place on disk.
type pipe struct{ dev, inode uint64 }

// pipeOf is the named pipe behind a path; ok is false where it is none. The
// descriptor's link leads to a named pipe by its number, so it is the same
// whoever opened it.
func pipeOf(path string) (p pipe, ok bool) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return pipe{}, false
	}
	return pipe{dev: st.Dev, inode: st.Ino}, true
}

// pipesOf are the pipes that a process has open.
func pipesOf(pid int) []pipe {
	folder := "/proc/" + strconv.Itoa(pid) + "/fd"
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var list []pipe
	for _, e := range entries {
		if p, ok := pipeOf(folder + "/" + e.Name()); ok {
			list = append(list, p)
		}
	}
	return list
}

// outputs are the pipes that a tree writes to.
func outputs(files ...*os.File) []pipe {
	var list []pipe
	for _, f := range files {
		if f == nil {
			continue
		}
		var st unix.Stat_t
		if unix.Fstat(int(f.Fd()), &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO {
			list = append(list, pipe{dev: st.Dev, inode: st.Ino})
		}
	}
	return list
}

// outputsOf are those of a main process that lives: its stdout and stderr.
func outputsOf(pid int) []pipe {
	var list []pipe
	for _, fd := range []string{"1", "2"} {
		if p, ok := pipeOf("/proc/" + strconv.Itoa(pid) + "/fd/" + fd); ok {
			list = append(list, p)
		}
	}
	return list
}
