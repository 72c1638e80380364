package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// fakeHost is a machine room without machines: trees exist because somebody
// started them and end because the test, or a signal, says so.
type fakeHost struct {
	mu      sync.Mutex
	sup     *Supervisor
	pid     int
	live    map[proc.TreeID]bool
	deaf    map[string]bool
	missing map[string]bool
	since   map[proc.TreeID]time.Time
	// ends are how the trees ended, last how each tree's name ended last, and
	// ended when.
	ends  map[proc.TreeID]proc.Status
	last  map[string]proc.Status
	ended map[string]time.Time
	// holds counts holds; held are the trees by theirs, pids their processes.
	holds uint64
	held  map[uint64]proc.TreeID
	pids  map[proc.TreeID]int
	// starts are the trees in the order they were started.
	starts []proc.TreeID
}

func (h *fakeHost) Start(s proc.Spec) (proc.Process, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.starts = append(h.starts, s.Tree)
	if h.missing[s.Tree.Unit] {
		return proc.Process{}, &proc.NotFoundError{Name: "nosuch", Path: "/bin"}
	}
	h.pid++
	if h.held == nil {
		h.held, h.pids = map[uint64]proc.TreeID{}, map[proc.TreeID]int{}
	}
	h.held[s.Mark], h.pids[s.Tree] = s.Tree, h.pid
	h.live[s.Tree], h.since[s.Tree] = true, time.Now()
	return proc.Process{PID: h.pid}, nil
}

func (h *fakeHost) Adopt(id proc.TreeID, _ proc.Process) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.live[id] {
		return proc.ErrGone
	}
	return nil
}

func (h *fakeHost) Signal(id proc.TreeID, sig syscall.Signal) error {
	h.mu.Lock()
	deaf := h.deaf[id.Unit]
	h.mu.Unlock()
	if !deaf {
		h.end(id, proc.Status{Known: true, Signal: sig, Code: -1})
	}
	return nil
}

// Hold gives each tree one of its own.
func (h *fakeHost) Hold(string) proc.Hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds++
	return proc.Hold{Mark: h.holds}
}

func (h *fakeHost) Find(holds []proc.Hold) []proc.Found {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]proc.Found, len(holds))
	for i, hold := range holds {
		if id, ok := h.held[hold.Mark]; ok && h.live[id] {
			list[i] = proc.Found{Main: proc.Process{PID: h.pids[id], Mark: hold.Mark}, Members: 1}
		}
	}
	return list
}

func (h *fakeHost) AdoptRest(proc.TreeID, proc.Process) int { return 0 }

func (h *fakeHost) SignalMain(id proc.TreeID, sig syscall.Signal) error { return h.Signal(id, sig) }

func (h *fakeHost) Kill(id proc.TreeID) {
	h.end(id, proc.Status{Known: true, Signal: syscall.SIGKILL, Code: -1})
}

// end ends a tree, as the kernel would: once, and in another goroutine.
func (h *fakeHost) end(id proc.TreeID, s proc.Status) {
	h.mu.Lock()
	lived := h.live[id]
	delete(h.live, id)
	if lived {
		h.ends[id], h.last[id.Unit], h.ended[id.Unit] = s, s, time.Now()
	}
	h.mu.Unlock()
	if lived {
		go func() {
			h.sup.Notify(proc.Exited{Tree: id, Status: s, Time: time.Now()})
			h.sup.Notify(proc.Emptied{Tree: id})
		}()
	}
}

// living are the trees of the unit's runs and of their steps, in a fixed order:
// the same draws do the same things.
func (h *fakeHost) living(unitID string) []proc.TreeID {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []proc.TreeID
	for id := range h.live {
		if name, _ := splitTree(id); name == unitID || unitID == "" {
			found = append(found, id)
		}
	}
	slices.SortFunc(found, func(a, b proc.TreeID) int {
		return cmp.Or(strings.Compare(a.Unit, b.Unit), cmp.Compare(a.Run, b.Run))
	})
	return found
}

func (h *fakeHost) alive(unitID string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range h.live {
		if id.Unit == unitID {
			return true
		}
	}
	return false
}

type fakeOutputs struct{}

func (fakeOutputs) Open(*config.Unit, uint64, Opening) (stdout, stderr *os.File, err error) {
	return nil, nil, nil
}
func (fakeOutputs) Attach(*config.Unit, []uint64) {}
func (fakeOutputs) Configure(*config.Unit) error  { return nil }
func (fakeOutputs) Remove(*config.Unit) error     { return nil }

type fakeJournal struct {
	mu     sync.Mutex
	events []store.Event
}

func (j *fakeJournal) Append(e store.Event) store.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
	return e
}

type fakeSaver struct {
	mu   sync.Mutex
	last store.State
}

func (s *fakeSaver) Save(state store.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = state
}

// room is a supervisor over a fake host, inside a synctest bubble: time
// passes only when everybody waits.
type room struct {
	testing.TB
	sup     *Supervisor
	host    *fakeHost
	journal *fakeJournal
	saver   *fakeSaver
	// end ends the supervisor; see again.
	end func()
}

// inRoom runs a test in a bubble with a running supervisor.
func inRoom(t *testing.T, test func(*room)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := newRoom(t)
		done := make(chan struct{})
		go func() { defer close(done); r.sup.Run(ctx) }()
		r.end = func() { cancel(); <-done }
		test(r)
		r.end()
	})
}

func newRoom(t testing.TB) *room {
	h := &fakeHost{
		live: map[proc.TreeID]bool{}, since: map[proc.TreeID]time.Time{}, last: map[string]proc.Status{}, ends: map[proc.TreeID]proc.Status{}, ended: map[string]time.Time{},
		deaf: map[string]bool{}, missing: map[string]bool{},
	}
	r := &room{TB: t, host: h, journal: &fakeJournal{}, saver: &fakeSaver{}}
	r.sup = New(Options{
		Host: h, Outputs: fakeOutputs{}, Journal: r.journal, Saver: r.saver,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), BootID: "boot", Generation: "g",
		Spread: func() float64 { return 0 },
	})
	h.sup = r.sup
	return r
}

// service is a unit that never ends by itself.
func service(name string, change ...func(*config.Unit)) config.Unit {
	u := config.Unit{
		Project: "demo", Name: name, Base: name, Kind: config.Service, Exec: []string{name},
		Restart: config.RestartOnFailure, RestartReset: 10 * time.Second,
		Backoff: config.Backoff{Initial: time.Second, Factor: 2, Max: time.Minute},
		Stop:    config.Stop{Signal: "SIGTERM", Timeout: 10 * time.Second},
	}
	for _, c := range change {
		c(&u)
	}
	return u
}

func needs(names ...string) func(*config.Unit) {
	return func(u *config.Unit) {
		for _, n := range names {
			u.Depends = append(u.Depends, config.Dependency{Unit: n, Condition: config.CondReady, Cascade: true})
		}
	}
}

func oneshot(u *config.Unit) { u.Kind, u.Restart = config.Oneshot, config.RestartNever }

func policyOf(p config.RestartPolicy) func(*config.Unit) {
	return func(u *config.Unit) { u.Restart = p }
}

func source(units ...config.Unit) *Source {
	return &Source{Plan: &config.Plan{
		File: "/demo/systemg.yaml", Projects: []config.Project{{ID: "demo", Units: units}},
	}}
}

// up starts the units and gives everybody time to settle.
func (r *room) up(units ...config.Unit) Baseline {
	r.Helper()
	b, err := r.sup.Start(context.Background(), source(units...), Selection{})
	if err != nil {
		r.Fatal(err)
	}
	r.pass(time.Second)
	return b
}

// pass lets time go by.
func (r *room) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *room) view(name string) *View {
	r.Helper()
	v, ok := r.sup.Snapshot().Find("demo/" + name)
	if !ok {
		r.Fatalf("there is no unit %s", name)
	}
	return v
}

// expect checks states: "db running web pending".
func (r *room) expect(pairs ...string) {
	r.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if v := r.view(pairs[i]); string(v.Unit.State) != pairs[i+1] {
			r.Errorf("%s is %s (%s), want %s", pairs[i], v.Unit.State, v.Unit.Reason, pairs[i+1])
		}
	}
}

// crash ends the unit's main process with the status.
func (r *room) exit(name string, code int) {
	v := r.view(name)
	r.host.end(TreeOf(v), proc.Status{Known: true, Code: code})
	synctest.Wait()
}

func (r *room) stop(names ...string) {
	r.Helper()
	if _, err := r.sup.Stop(context.Background(), Selection{Units: names}, false, ""); err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
}

// started is the units in the order their main processes were started.
func (r *room) started() []string {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	var list []string
	for _, id := range r.host.starts {
		if _, step := splitTree(id); step == unit.NoStep {
			list = append(list, id.Unit[len("demo/"):])
		}
	}
	return list
}

func exitStatus(code int) proc.Status { return proc.Status{Known: true, Code: code} }

// replicas are n instances of a service.
func replicas(base string, n int, change ...func(*config.Unit)) []config.Unit {
	var list []config.Unit
	for i := range n {
		u := service(base, change...)
		u.Name, u.Replica, u.Replicas = fmt.Sprintf("%s.%d", base, i+1), i+1, n
		list = append(list, u)
	}
	return list
}

// successor is another supervisor over the same machines that has found the
// state. It ends with the test.
func (r *room) successor(state store.State) *Supervisor {
	r.Helper()
	next := New(Options{
		Host: r.host, Outputs: fakeOutputs{}, Journal: r.journal, Saver: &fakeSaver{},
		Log: slog.New(slog.DiscardHandler), BootID: "boot", Generation: "h",
		Spread: func() float64 { return 0 },
	})
	r.host.sup = next
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); next.Run(ctx) }()
	r.Cleanup(func() { cancel(); <-done })
	if err := next.Restore(ctx, state, Past{}); err != nil {
		r.Fatal(err)
	}
	return next
}
