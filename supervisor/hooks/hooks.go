package hooks

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"systemg/config"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// Notice is an occasion of a unit, and what its hooks have to know.
type Notice struct {
	Def      *config.Unit
	Occasion Occasion
	Time     time.Time
	// Base is the unit's base environment, as NAME=VALUE; only commands use
	// it.
	Base []string
	// Letters are what its webhooks send, as Letters has made them; nil has
	// Fire make them.
	Letters []store.Delivery
}

// Kind is what sort of hook it was.
type Kind string

// The kinds.
const (
	KindCommand Kind = "command"
	KindWebhook Kind = "webhook"
)

// Result is how a hook went.
type Result struct {
	Project, Unit string
	// About is the occasion, "on_start success"; Run the run it is about, 0
	// where none was begun.
	About string
	Run   uint64
	Kind  Kind
	// ID is the delivery's, for webhooks.
	ID   string
	Took time.Duration
	// Err says what went wrong; nil when nothing did.
	Err error
}

// String is the result in words.
func (r Result) String() string {
	if r.Err == nil {
		return fmt.Sprintf("the %s for %s of %s/%s is done", r.Kind, r.About, r.Project, r.Unit)
	}
	return fmt.Sprintf("the %s for %s of %s/%s failed: %v", r.Kind, r.About, r.Project, r.Unit, r.Err)
}

// Options are the parts a Runner is made of.
type Options struct {
	// Run runs a command until nothing of its tree is left, and kills the
	// tree when ctx ends.
	Run func(ctx context.Context, c Command) (unit.Exit, error)
	// Outbox keeps what webhooks owe; nil keeps it in memory alone.
	Outbox *store.Outbox
	// Told gets the end of every hook, Problem what a person has to know:
	// an empty text says that the key's problem is over. Both are called
	// from goroutines of the Runner, never from Fire, and may block.
	Told    func(Result)
	Problem func(key, text string)
	// Posted gets each webhook once it is in the outbox, or is in memory for
	// good because the disk does not take it; from a goroutine of the Runner.
	Posted func(store.Delivery)
	Log    *slog.Logger
	// Transport makes the calls; nil is one that honours HTTPS_PROXY and
	// its like.
	Transport http.RoundTripper
	// Host is the name of this machine in the bodies; empty means its own.
	Host string
	// Spread gives numbers in [0, 1] by which back-offs are lengthened;
	// nil means random ones.
	Spread func() float64
}

// Stats counts since the Runner was made.
type Stats struct {
	// Done and Failed are commands that ended; Dropped ones never ran.
	Done, Failed, Dropped int
	// Delivered webhooks were answered with 2xx, GivenUp ones were refused
	// or tried too often, Lost ones had to give way. Owed are due still.
	Delivered, GivenUp, Lost, Owed int
}

// Runner calls hooks. Its methods may be called from any goroutine.
type Runner struct {
	commands *commands
	post     *post
	closing  sync.Once
}

// New makes a Runner, which goes on with what the outbox still holds. It runs
// until Close.
func New(o Options) *Runner {
	if o.Told == nil {
		o.Told = func(Result) {}
	}
	if o.Posted == nil {
		o.Posted = func(store.Delivery) {}
	}
	if o.Problem == nil {
		o.Problem = func(string, string) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname()
	}
	return &Runner{commands: newCommands(o), post: newPost(o)}
}

// Letters are what the webhooks of a notice send. Fired twice, also by two Runners,
// they have the same ids.
func (r *Runner) Letters(n Notice) []store.Delivery {
	var list []store.Delivery
	for _, h := range n.Occasion.Matching(n.Def.Hooks) {
		if h.Webhook == nil {
			continue
		}
		d, err := letter(n, h.Webhook, r.post.host)
		if err != nil {
			r.post.log.Error("a webhook cannot be written", "unit", n.Def.ID(), "error", err)
			continue
		}
		list = append(list, d)
	}
	return list
}

// Fire has the hooks of the unit called that the occasion is for, and the letters
// sent. It never blocks.
func (r *Runner) Fire(n Notice) {
	for _, h := range n.Occasion.Matching(n.Def.Hooks) {
		if h.Command != "" {
			r.commands.put(call{
				command: Command{Def: n.Def, Run: n.Occasion.Run, Line: h.Command, Base: n.Base, Env: environment(n)},
				about:   n.Occasion, timeout: h.Timeout,
			})
		}
	}
	if n.Letters == nil {
		n.Letters = r.Letters(n)
	}
	for _, d := range n.Letters {
		r.post.put(d)
	}
}

// Owed is how many webhooks of the unit, "project/name", are not made yet.
func (r *Runner) Owed(id string) int {
	r.post.mu.Lock()
	defer r.post.mu.Unlock()
	n := 0
	count := func(list []store.Delivery) {
		for i := range list {
			if list[i].Unit == id {
				n++
			}
		}
	}
	count(r.post.fresh)
	for _, line := range r.post.lines {
		count(line)
	}
	return n
}

// Close takes no more notices. Until ctx ends, commands that are queued run
// and webhooks are sent, but for those whose endpoint failed: they stay in the
// outbox, and so do the others when ctx ends, and commands are
// killed then. It returns when every goroutine of the Runner has ended.
func (r *Runner) Close(ctx context.Context) {
	r.closing.Do(func() {
		var both sync.WaitGroup
		both.Go(func() { r.commands.close(ctx) })
		both.Go(func() { r.post.close(ctx) })
		both.Wait()
	})
}

// Stats is what was done so far.
func (r *Runner) Stats() Stats {
	r.commands.mu.Lock()
	s := r.commands.stats
	r.commands.mu.Unlock()
	r.post.mu.Lock()
	defer r.post.mu.Unlock()
	s.Delivered, s.GivenUp, s.Lost = r.post.stats.Delivered, r.post.stats.GivenUp, r.post.stats.Lost
	s.Owed = len(r.post.fresh) + r.post.owed
	return s
}
