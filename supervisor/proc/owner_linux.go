package proc

import (
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Owner is the tree that a process belongs to: one that lives, or that has
// ended and was not reaped yet. It asks the kernel at once, because the number
// means nothing for longer. A process of a tree that is being started just now
// is found too.
func (h *Host) Owner(pid int) (TreeID, bool) {
	if pid <= 0 || pid == os.Getpid() {
		// This one wears the marker of whatever is being forked.
		return TreeID{}, false
	}
	hold := holdOf(pid)
	if id, ok := h.holder(hold); ok || !h.ours(hold) {
		return id, ok
	}
	h.awaitForks()
	return h.holder(hold)
}

// awaitForks returns once every tree whose fork was under way is in the table:
// a child may speak before its forker has put it there.
func (h *Host) awaitForks() {
	h.forking.Lock()
	defer h.forking.Unlock()
}

// CgroupOwner is the tree that is held by a cgroup with this id, which is the
// inode of its folder. It answers for processes that nobody can be asked about
// any more; a cgroup that a service made below its own is not found.
func (h *Host) CgroupOwner(id uint64) (TreeID, bool) {
	if tree, ok := h.cgroupHolder(id); ok {
		return tree, true
	}
	h.awaitForks()
	return h.cgroupHolder(id)
}

func (h *Host) cgroupHolder(id uint64) (TreeID, bool) {
	h.mu.Lock()
	folders := make(map[TreeID]string, len(h.trees))
	for tree, tr := range h.trees {
		if tr.process.Cgroup != "" {
			folders[tree] = tr.process.Cgroup
		}
	}
	h.mu.Unlock()
	for tree, folder := range folders {
		var st unix.Stat_t
		if unix.Stat(folder, &st) == nil && st.Ino == id {
			return tree, true
		}
	}
	return TreeID{}, false
}

// hold is by what a process is held.
type hold struct {
	mark   uint64
	cgroup string
}

// holdOf reads it from the kernel; it is empty where the process is gone.
func holdOf(pid int) hold {
	if mark, ok := markOf(pid); ok {
		return hold{mark: mark}
	}
	return hold{cgroup: cgroupOf(pid)}
}

// mountOfCgroups is cgroupMount, asked once.
var mountOfCgroups = sync.OnceValues(cgroupMount)

// ours is whether only this host could have made the hold.
func (h *Host) ours(s hold) bool {
	return s.mark != 0 || h.groups.root != "" && below(s.cgroup, h.groups.root)
}

// holder is the tree that is held so.
func (h *Host) holder(s hold) (TreeID, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, tr := range h.trees {
		p := tr.process
		if s.mark != 0 && p.Mark == s.mark || p.Cgroup != "" && below(s.cgroup, p.Cgroup) {
			return id, true
		}
	}
	return TreeID{}, false
}

// below is whether a path is a folder or leads into it.
func below(path, folder string) bool {
	return strings.HasPrefix(path, folder) && (len(path) == len(folder) || path[len(folder)] == '/')
}
