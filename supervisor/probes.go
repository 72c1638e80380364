package supervisor

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"systemg/config"
	"systemg/supervisor/health"
	"systemg/supervisor/logs"
	"systemg/supervisor/proc"
)

// Probes looks at real services. Its methods may be called from any goroutine.
type Probes struct {
	// Receiver hears what services say of themselves; nil where there is
	// none, and Deaf says why.
	Receiver *health.Receiver
	Deaf     error
	Files    *Files
	// Aside runs the commands.
	Aside func(context.Context, Aside) (exit string, ok bool)

	mu      sync.Mutex
	inboxes map[health.Tree]*health.Inbox
}

// inbox is the tree's, opened once.
func (p *Probes) inbox(def *config.Unit, run uint64) *health.Inbox {
	tree := health.Tree{Unit: def.ID(), Run: run}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inboxes == nil {
		p.inboxes = map[health.Tree]*health.Inbox{}
	}
	if p.inboxes[tree] == nil {
		p.inboxes[tree] = p.Receiver.Open(tree)
	}
	return p.inboxes[tree]
}

func (p *Probes) close(def *config.Unit, run uint64) {
	tree := health.Tree{Unit: def.ID(), Run: run}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.inboxes[tree]; i != nil {
		i.Close()
		delete(p.inboxes, tree)
	}
}

// notify is the check of a definition that tells by itself, nil for others.
func notify(def *config.Unit) *config.HealthCheck {
	if def.Health != nil && def.Health.Notify {
		return def.Health
	}
	if g := def.Deployment.BlueGreen; g != nil && g.Candidate != nil && g.Candidate.Notify {
		return g.Candidate
	}
	return nil
}

// Prepare is Checks.
func (p *Probes) Prepare(def *config.Unit, run uint64) ([]string, error) {
	check := notify(def)
	if check == nil {
		return nil, nil
	}
	if p.Receiver == nil {
		return nil, fmt.Errorf("notify: there is no socket to report to: %w", p.Deaf)
	}
	n := health.Notify{Inbox: p.inbox(def, run), Watchdog: check.Watchdog}
	return n.Env(p.Receiver.Path()), nil
}

// Watch is Checks.
func (p *Probes) Watch(ctx context.Context, w Watched, report func(health.News)) {
	c := w.Check
	spec := health.Spec{Interval: c.Interval, AttemptTimeout: c.AttemptTimeout}
	switch {
	case c.URL != "":
		spec.Probe = health.URL{URL: w.Slots(c.URL)}
	case c.TCP != "":
		spec.Probe = health.TCP{Address: w.Slots(c.TCP)}
	case c.Command != "":
		spec.Probe = health.Command{Run: func(ctx context.Context, _ uint64) (string, bool) { return p.command(ctx, w) }}
	case c.Notify && p.Receiver != nil:
		spec.Probe = health.Notify{Inbox: p.inbox(w.Def, w.Run), Watchdog: c.Watchdog, Ready: w.Ready}
		defer p.close(w.Def, w.Run)
	case c.Log != "":
		spec.Probe = health.Log{Match: regexp.MustCompile(c.Log), Lines: p.lines(w.Def, w.Run)}
	default:
		report(health.Result{Text: "nothing to look at", Final: true})
		return
	}
	health.Watch(ctx, spec, report)
}

// Match is Checks.
func (p *Probes) Match(ctx context.Context, def *config.Unit, run uint64, pattern string) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	found := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	spec := health.Spec{Probe: health.Log{Match: re, Lines: p.lines(def, run)}, Interval: retryLines, AttemptTimeout: retryLines}
	done := make(chan struct{})
	go func() {
		defer close(done)
		health.Watch(ctx, spec, func(n health.News) {
			if r, ok := n.(health.Result); ok && r.OK {
				select {
				case found <- struct{}{}:
				default:
				}
			}
		})
	}()
	defer func() { cancel(); <-done }()
	select {
	case <-found:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lines are those of a run, of both its streams, as they come.
func (p *Probes) lines(def *config.Unit, run uint64) func(context.Context) iter.Seq2[health.Line, error] {
	var files []logs.File
	for _, kind := range Kinds {
		files = append(files, logs.File{Unit: def.ID(), Kind: kind, Path: p.Files.Paths.Log(def.Project, def.Name, kind)})
	}
	return func(ctx context.Context) iter.Seq2[health.Line, error] {
		return func(yield func(health.Line, error) bool) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			wanted := true
			query := logs.Query{Lines: -1, Run: run, Follow: true}
			err := logs.Read(ctx, files, query, p.Files.Mover, func(lines []logs.Line, _ []logs.Skip) error {
				for _, line := range lines {
					if wanted = yield(health.Line{Stream: line.File, Data: line.Data, Open: line.Open}, nil); !wanted {
						return io.EOF
					}
				}
				return nil
			})
			if err != nil && wanted && ctx.Err() == nil {
				yield(health.Line{}, err)
			}
		}
	}
}

// command runs a health command and gives its last words.
func (p *Probes) command(ctx context.Context, w Watched) (string, bool) {
	r, out, err := os.Pipe()
	if err != nil {
		return "cannot make a pipe: " + err.Error(), false
	}
	defer r.Close()
	said := make(chan string, 1)
	go func() { said <- words(r) }()
	text, ok := p.Aside(ctx, Aside{
		Def: w.Def, Base: w.Base, Run: w.Run, Kind: "probe", Line: w.Slots(w.Check.Command), Output: out,
	})
	_ = out.Close()
	if last := <-said; last != "" && !ok {
		text += ": " + last
	}
	return text, ok
}

// retryLines is how long a log that could not be read is left alone.
const retryLines = time.Second

// wordsLimit is how much of a health command's output is looked at.
const wordsLimit = 4 << 10

// words is the last line of what a command printed at first; the rest is read
// and dropped, so that it does not wait for a full pipe.
func words(r io.Reader) string {
	head, _ := io.ReadAll(io.LimitReader(r, wordsLimit))
	_, _ = io.Copy(io.Discard, r)
	lines := strings.Split(strings.TrimSpace(string(head)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// OwnerOf tells a receiver whose a process is.
func OwnerOf(h *proc.Host) health.Owner {
	tree := func(id proc.TreeID, ok bool) (health.Tree, bool) {
		return health.Tree{Unit: id.Unit, Run: id.Run}, ok
	}
	return health.Owner{
		Process: func(pid int) (health.Tree, bool) { return tree(h.Owner(pid)) },
		Cgroup:  func(id uint64) (health.Tree, bool) { return tree(h.CgroupOwner(id)) },
	}
}
