package health

import "sync"

// Tree names a process tree: one run of one unit.
type Tree struct {
	Unit string
	Run  uint64
}

// Owner says which tree a sender belongs to.
type Owner struct {
	// Process answers for a process that lives, or is a zombie.
	Process func(pid int) (Tree, bool)
	// Cgroup answers for a cgroup by its id, the inode of its folder. It is
	// asked for senders that have been reaped already, and may be nil.
	Cgroup func(id uint64) (Tree, bool)
}

// inboxes are the trees whose messages somebody wants.
type inboxes struct {
	mu     sync.Mutex
	byTree map[Tree]*Inbox
}

// Inbox holds what the processes of one tree have said and nobody has heard
// yet, as one message: of a thousand words of the same kind the last remains.
type Inbox struct {
	tree  Tree
	owner *inboxes

	mu   sync.Mutex
	said message
	// word is filled when something was said.
	word chan struct{}
}

// open makes the inbox of a tree; one that it had before gets nothing more.
func (b *inboxes) open(tree Tree) *Inbox {
	i := &Inbox{tree: tree, owner: b, word: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byTree == nil {
		b.byTree = map[Tree]*Inbox{}
	}
	b.byTree[tree] = i
	return i
}

// Close ends the deliveries. It may be called twice.
func (i *Inbox) Close() {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	if i.owner.byTree[i.tree] == i {
		delete(i.owner.byTree, i.tree)
	}
}

// deliver never waits.
func (b *inboxes) deliver(tree Tree, m message) {
	b.mu.Lock()
	i := b.byTree[tree]
	b.mu.Unlock()
	if i == nil {
		return
	}
	i.mu.Lock()
	i.said = i.said.then(m)
	i.mu.Unlock()
	select {
	case i.word <- struct{}{}:
	default:
	}
}

// none is whether nobody wants messages.
func (b *inboxes) none() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.byTree) == 0
}

// take is what was said since the last take.
func (i *Inbox) take() message {
	i.mu.Lock()
	defer i.mu.Unlock()
	m := i.said
	i.said = message{}
	return m
}
