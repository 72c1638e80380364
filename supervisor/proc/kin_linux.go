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

// strangers are the children of this process that are no main process, with
// those that have ended: they have lost their parents. The kernel gives them
// to the main thread, which forks nothing. One that was made a child of its
// parent's parent (CLONE_PARENT, clone(2)) is with the thread that forked that,
// among as many main processes as there are, so it is looked for only where it
// may be.
func (h *Host) strangers(everywhere bool) []int {
	var list []int
	if everywhere {
		h.forking.Lock()
		list = childrenOf(os.Getpid())
		h.forking.Unlock()
	} else {
		list = childrenIn("/proc/self/task", os.Getpid())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.o.Guardian != 0 {
		// The children of earlier supervisors are its, as this process is.
		list = append(list, childrenOf(h.o.Guardian)...)
	}
	return slices.DeleteFunc(list, func(pid int) bool { return h.mains[pid] != nil || pid == os.Getpid() })
}

// crowd are the strangers there are.
type crowd struct {
	// worn are those that wear a marker or a belt, living or ended.
	worn map[uint64][]int
	// claimed are the others that live and are in no tree's cgroup, by the
	// tree they belong to.
	claimed map[*tree][]int
	// doubts are the trees of which one of the others ended before it could be
	// asked what it has started, doubt says that one of nobody knows whose did.
	doubts map[*tree]bool
	doubt  bool
}

// gather asks every stranger whose it is.
func (h *Host) gather(everywhere bool) (c crowd) {
	list := h.strangers(everywhere)
	if len(list) == 0 {
		return c
	}
	c = crowd{worn: map[uint64][]int{}, claimed: map[*tree][]int{}, doubts: map[*tree]bool{}}
	own, cages := ownSession(), h.cages()
	for _, pid := range list {
		if worn := wornBy(pid); worn != 0 {
			c.worn[worn] = append(c.worn[worn], pid)
			continue
		}
		if tr := cages.holder(pid); tr != nil {
			// The kernel knows whether it lives.
			c.doubts[tr] = c.doubts[tr] || ended(pid)
			continue
		}
		st, err := readStat(pid)
		// What is in the session of this process is not of a tree.
		if err == nil && st.session == own {
			continue
		}
		tr := h.bearer(pid)
		if tr == nil && err == nil {
			tr = h.claimant(pid, st)
		}
		switch {
		case tr == nil:
			c.doubt = c.doubt || ended(pid)
		case err != nil || st.dead():
			c.doubts[tr] = true
		default:
			c.claimed[tr] = append(c.claimed[tr], pid)
		}
	}
	return c
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
