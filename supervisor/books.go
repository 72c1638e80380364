package supervisor

import (
	"maps"
	"slices"
	"sync"
	"time"

	"systemg/supervisor/failpoint"
	"systemg/supervisor/store"
)

// booksRetry is how soon books that could not be written are tried again.
const booksRetry = time.Second

// books keep the history of the cron jobs on disk, in a goroutine of their own.
// What a job wrote before it asked for the go-ahead is on disk before it gets
// it, so that a supervisor that dies in between does not run it twice. Where
// the disk does not take it the job runs all the same: a run that may be
// doubled after a crash is better than none.
type books struct {
	ledger Ledger

	mu sync.Mutex
	// written are the pages that changed, nil where a job is forgotten;
	// asked are the jobs that wait for the go-ahead.
	written map[string]*page
	asked   []string
	wake    chan struct{}

	// Only the goroutine uses what follows.
	history store.CronHistory
	unsaved bool
	// trouble is why they are not on disk, told what the loop knows of it.
	trouble, told string
}

func newBooks(ledger Ledger, h store.CronHistory) *books {
	b := &books{ledger: ledger, written: map[string]*page{}, wake: make(chan struct{}, 1), history: store.CronHistory{
		Jobs: maps.Clone(h.Jobs), Last: maps.Clone(h.Last), Off: maps.Clone(h.Off),
	}}
	if h.Jobs == nil {
		b.history.Jobs = map[string][]store.CronRun{}
	}
	if h.Last == nil {
		b.history.Last = map[string]time.Time{}
	}
	if h.Off == nil {
		b.history.Off = map[string]bool{}
	}
	return b
}

// pagesOf are the books as an earlier supervisor left them.
func pagesOf(h store.CronHistory) map[string]page {
	pages := map[string]page{}
	for id, runs := range h.Jobs {
		pages[id] = page{runs: runs}
	}
	for id, last := range h.Last {
		p := pages[id]
		p.last = last
		pages[id] = p
	}
	for id, off := range h.Off {
		p := pages[id]
		p.off = off
		pages[id] = p
	}
	return pages
}

// put hands over a job's page. It never blocks.
func (b *books) put(id string, p page) { b.add(func() { b.written[id] = &p }) }

// forget takes a job's page out. It never blocks.
func (b *books) forget(id string) { b.add(func() { b.written[id] = nil }) }

// ask wants the go-ahead for a job: the loop gets it in loop.ready. It never
// blocks.
func (b *books) ask(id string) { b.add(func() { b.asked = append(b.asked, id) }) }

func (b *books) add(change func()) {
	b.mu.Lock()
	change()
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
		// One wake-up waits already.
	}
}

// run writes until the loop has ended, and once more after that. What nobody
// waits for is gathered for a while.
func (b *books) run(s *Supervisor) {
	var later <-chan time.Time
	for {
		select {
		case <-s.ended:
			b.take()
			b.save()
			return
		case <-later:
			later = nil
			b.save()
		case <-b.wake:
			if asked := b.take(); len(asked) > 0 {
				b.save()
				failpoint.Here(failpoint.Booked)
				s.send(func(l *loop) { l.ready = append(l.ready, asked...) })
			}
		}
		b.tell(s)
		if b.unsaved && later == nil {
			later = time.After(b.pause())
		}
	}
}

// tell passes on a change of fortune.
func (b *books) tell(s *Supervisor) {
	if b.trouble != b.told {
		b.told = b.trouble
		s.SetProblem("cron", b.trouble)
	}
}

// pause is how long what is not on disk may wait.
func (b *books) pause() time.Duration {
	if b.trouble != "" {
		return booksRetry
	}
	return saveInterval
}

// take takes over what was handed in, and gives who waits for it.
func (b *books) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, p := range b.written {
		b.unsaved = true
		delete(b.history.Jobs, id)
		delete(b.history.Last, id)
		delete(b.history.Off, id)
		if p == nil {
			continue
		}
		if len(p.runs) > 0 {
			b.history.Jobs[id] = p.runs
		}
		if !p.last.IsZero() {
			b.history.Last[id] = p.last
		}
		if p.off {
			b.history.Off[id] = true
		}
	}
	clear(b.written)
	asked := slices.Clone(b.asked)
	b.asked = b.asked[:0]
	return asked
}

// save writes what is not on disk.
func (b *books) save() {
	if !b.unsaved || b.ledger == nil {
		b.unsaved = false
		return
	}
	b.trouble = ""
	if err := b.ledger.SaveCron(b.history); err != nil {
		b.trouble = "the history of the cron jobs is not kept: " + err.Error()
		return
	}
	b.unsaved = false
}
