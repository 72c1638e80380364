package hooks

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"systemg/supervisor/store"
)

// freshRoom is how many deliveries wait for the disk. memoryRoom is how many
// are kept when the disk takes none.
const (
	freshRoom  = 8192
	memoryRoom = 5000
)

// post sees to it that deliveries are made: a desk writes what is new into the
// outbox, and each endpoint that is owed something has a courier.
type post struct {
	outbox  *store.Outbox
	client  *http.Client
	host    string
	told    func(Result)
	posted  func(store.Delivery)
	problem func(key, text string)
	log     *slog.Logger
	spread  func() float64

	// living ends when attempts under way are to be cut short, closing is
	// closed when no new back-off is to begin.
	living   context.Context
	cut      context.CancelFunc
	closing  chan struct{}
	wake     chan struct{}
	desk     sync.WaitGroup
	couriers sync.WaitGroup
	// saidDisk is whether somebody was told that the disk takes nothing;
	// skipped whether it took not all of the present batch. Only the desk
	// uses them.
	saidDisk, skipped bool

	// mu is held over neither disk nor network.
	mu    sync.Mutex
	fresh []store.Delivery
	lost  int
	// saidLost is whether somebody was told of lost ones.
	saidLost bool
	lines    map[string][]store.Delivery
	owed     int
	closed   bool
	stats    Stats
}

func newPost(o Options) *post {
	living, cut := context.WithCancel(context.Background())
	p := &post{
		outbox: o.Outbox, client: newClient(o.Transport), host: o.Host,
		told: o.Told, posted: o.Posted, problem: o.Problem, log: o.Log, spread: o.Spread,
		living: living, cut: cut, closing: make(chan struct{}), wake: make(chan struct{}, 1),
		lines: map[string][]store.Delivery{},
	}
	if p.spread == nil {
		p.spread = rand.Float64
	}
	if p.outbox != nil {
		for _, d := range p.outbox.Kept() {
			p.line(d)
		}
	}
	p.desk.Go(p.work)
	return p
}

// put takes what is owed to a webhook. It never blocks.
func (p *post) put(d store.Delivery) {
	p.mu.Lock()
	if p.closed || len(p.fresh) >= freshRoom {
		p.lost++
	} else {
		p.fresh = append(p.fresh, d)
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
		// One wake-up waits already.
	}
}

// work is the desk. It ends with close, when nothing is fresh any more.
func (p *post) work() {
	p.sync()
	for {
		select {
		case <-p.wake:
			p.sort()
		case <-p.closing:
			p.sort()
			return
		}
	}
}

// sort writes what is fresh into the outbox and hands it to the couriers.
func (p *post) sort() {
	p.mu.Lock()
	fresh, lost := p.fresh, p.lost
	p.fresh, p.lost = nil, 0
	p.mu.Unlock()
	p.lose("came faster than they can be written", lost)
	for _, d := range fresh {
		if !p.has(d) {
			p.keep(d)
		}
		p.posted(d)
	}
	if len(fresh) > 0 {
		p.sync()
	}
}

// sync makes what is in the outbox survive the machine.
func (p *post) sync() {
	if p.outbox == nil {
		return
	}
	switch err := p.outbox.Sync(); {
	case err != nil:
		p.saidDisk = true
		p.problem("outbox", err.Error()+"; webhooks may be lost when the machine fails")
	case p.saidDisk && !p.skipped:
		p.saidDisk = false
		p.problem("outbox", "")
	}
	p.skipped = false
}

// has is whether a delivery is owed already: an earlier supervisor had written it
// into the outbox, and died before it knew that.
func (p *post) has(d store.Delivery) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.lines[d.URL], func(o store.Delivery) bool { return o.ID == d.ID })
}

func (p *post) keep(d store.Delivery) {
	if p.outbox == nil {
		p.line(d)
		return
	}
	kept, gone, err := p.outbox.Add(d)
	if err != nil {
		// Delivered all the same, unless this process ends before that.
		p.saidDisk, p.skipped = true, true
		p.problem("outbox", err.Error()+"; webhooks are kept in memory")
		p.mu.Lock()
		full := p.owed >= memoryRoom
		p.mu.Unlock()
		if full {
			p.lose("could not be written, and too many wait", 1)
			return
		}
		p.line(kept)
		return
	}
	for _, old := range gone {
		p.remove(old)
	}
	p.lose("had to make room for newer ones, because too many wait", len(gone))
	p.line(kept)
}

// lose counts and tells deliveries that will never be made.
func (p *post) lose(why string, n int) {
	if n == 0 {
		return
	}
	p.mu.Lock()
	p.stats.Lost += n
	p.saidLost = true
	all := p.stats.Lost
	p.mu.Unlock()
	p.log.Warn("webhooks were dropped", "count", n, "because", "they "+why)
	p.problem("webhooks lost", fmt.Sprintf("%d webhooks were dropped since the supervisor started: they %s", all, why))
}

// line puts a delivery into its endpoint's line, and has a courier for it.
func (p *post) line(d store.Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, busy := p.lines[d.URL]
	p.lines[d.URL] = append(p.lines[d.URL], d)
	p.owed++
	if !busy {
		p.couriers.Go(func() { (&courier{p: p, url: d.URL}).run() })
	}
}

// head is the endpoint's oldest delivery; without one the line is closed.
func (p *post) head(url string) (d store.Delivery, waiting int, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := p.lines[url]
	if len(line) == 0 {
		delete(p.lines, url)
		return store.Delivery{}, 0, false
	}
	return line[0], len(line), true
}

// remove takes a delivery out of its line.
func (p *post) remove(d store.Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := p.lines[d.URL]
	if at := slices.IndexFunc(line, func(o store.Delivery) bool { return o.ID == d.ID }); at >= 0 {
		p.lines[d.URL] = slices.Delete(line, at, at+1)
		p.owed--
	}
}

// settle ends a delivery: made, or given up for the reason in err.
func (p *post) settle(d store.Delivery, took time.Duration, err error) {
	p.remove(d)
	if p.outbox != nil {
		if gone := p.outbox.Remove(d.Seq); gone != nil {
			p.log.Warn("a webhook may be sent again", "error", gone)
		}
	}
	p.mu.Lock()
	if err == nil {
		p.stats.Delivered++
	} else {
		p.stats.GivenUp++
	}
	healed := p.saidLost && p.owed == 0
	p.saidLost = p.saidLost && !healed
	p.mu.Unlock()
	if healed {
		p.problem("webhooks lost", "")
	}
	project, name, _ := strings.Cut(d.Unit, "/")
	p.told(Result{Project: project, Unit: name, About: d.About, Run: runOf(d), Kind: KindWebhook, ID: d.ID, Took: took, Err: err})
}

// close takes nothing new. What is owed is tried once more until ctx ends.
func (p *post) close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	close(p.closing)
	stop := context.AfterFunc(ctx, p.cut)
	p.desk.Wait()
	p.couriers.Wait()
	stop()
	p.cut()
	p.client.CloseIdleConnections()
}
