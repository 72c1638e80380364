package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// The paths of the receiver: webhooks are told to the one, and the other is what
// the HTTP probe of a unit asks.
const (
	toldPath = "/told"
	wellPath = "/well"
)

// receiverTime is how long it keeps a caller waiting at most, so that the
// supervisor often dies with a call under way.
const receiverTime = 40 * time.Millisecond

// receiver is the endpoint of webhooks, and of a health probe.
type receiver struct {
	url    string
	server *http.Server

	mu     sync.Mutex
	told   []delivery
	probes []probe
}

// delivery is a webhook that came.
type delivery struct {
	ID      string `json:"id"`
	Event   string `json:"event"`
	Outcome string `json:"outcome"`
	Unit    string `json:"unit"`
	Run     int    `json:"run"`
	// Time is when it was made, at when it came.
	Time time.Time `json:"time"`
	at   time.Time
}

// about is what it tells.
func (d delivery) about() string {
	return fmt.Sprintf("%s %s of run %d of %s", d.Event, d.Outcome, d.Run, d.Unit)
}

// probe is one attempt; left is whether the caller went before the answer.
type probe struct {
	from, to time.Time
	left     bool
}

// receive begins to listen on the loopback.
func receive() (*receiver, error) {
	door, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + door.Addr().String()}
	rooms := http.NewServeMux()
	rooms.HandleFunc(toldPath, r.tell)
	rooms.HandleFunc(wellPath, r.well)
	r.server = &http.Server{Handler: rooms, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(door) }()
	return r, nil
}

func (r *receiver) close() { _ = r.server.Close() }

// tell takes a webhook: it counts before it is answered.
func (r *receiver) tell(w http.ResponseWriter, q *http.Request) {
	var d delivery
	if err := json.NewDecoder(q.Body).Decode(&d); err != nil {
		// The caller died in the middle of it.
		return
	}
	d.at = time.Now()
	r.mu.Lock()
	r.told = append(r.told, d)
	r.mu.Unlock()
	dawdle(q.Context())
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) well(w http.ResponseWriter, q *http.Request) {
	p := probe{from: time.Now()}
	p.left = dawdle(q.Context())
	p.to = time.Now()
	r.mu.Lock()
	r.probes = append(r.probes, p)
	r.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// dawdle waits a while, and says whether the caller went meanwhile.
func dawdle(ctx context.Context) bool {
	select {
	case <-time.After(rand.N(receiverTime)):
		return false
	case <-ctx.Done():
		return true
	}
}

// heard looks at the webhooks of the crashers that have them: every run that was
// started is told of, in the order of the runs, and what is told twice has the
// same id.
func (a *audit) heard() {
	if a.receiver == nil {
		return
	}
	a.receiver.mu.Lock()
	told := a.receiver.told
	a.receiver.mu.Unlock()
	ids, about := map[string]delivery{}, map[string]string{}
	events, newest := map[string]map[int][]string{}, map[string]int{}
	for _, d := range told {
		a.webhooks++
		if what, again := about[d.ID]; again {
			a.again++
			if what != d.about() {
				a.fault("the webhook %s told of %s, and then of %s", d.ID, what, d.about())
			}
			continue
		}
		about[d.ID] = d.about()
		if other, twice := ids[d.about()]; twice {
			a.fault("%s was told by two webhooks: %s of %s, come %s, and %s of %s, come %s",
				d.about(), other.ID, other.Time, other.at, d.ID, d.Time, d.at)
		}
		ids[d.about()] = d
		if d.Run < newest[d.Unit] {
			a.fault("%s was told after run %d", d.about(), newest[d.Unit])
		}
		newest[d.Unit] = d.Run
		if events[d.Unit] == nil {
			events[d.Unit] = map[int][]string{}
		}
		events[d.Unit][d.Run] = append(events[d.Unit][d.Run], d.Event+" "+d.Outcome)
	}
	for i := range a.crashers {
		if name := fmt.Sprintf("c%d", i); tells(i) {
			a.toldOf(name, events[name], a.truth("c", i).read())
		}
	}
	if left, _ := os.ReadDir(a.outbox()); len(left) > 0 {
		a.fault("%d webhooks are left in the outbox", len(left))
	}
}

// toldOf looks whether each run was told of: its beginning once, and if that was
// a success its end once. One that ended while nobody watched may be known to nobody.
func (a *audit) toldOf(name string, events map[int][]string, facts []fact) {
	for _, f := range only(facts, "start") {
		if _, unseen := a.unseen(endOf(facts, uint64(f.run))); unseen {
			continue
		}
		all := strings.Join(events[f.run], ", ")
		switch all {
		case "on_start success, on_stop success", "on_start success, on_stop error", "on_start error", "on_stop success", "on_stop error":
		default:
			a.fault("of run %d of %s was told: %q", f.run, name, all)
		}
	}
}

// oneByOne looks whether a probe was begun while another one was under way.
func (a *audit) oneByOne() {
	if a.receiver == nil {
		return
	}
	a.receiver.mu.Lock()
	defer a.receiver.mu.Unlock()
	list := a.receiver.probes
	a.probes += len(list)
	for i, p := range list {
		for _, other := range list[max(0, i-10):i] {
			if !p.left && !other.left && p.from.Before(other.to) && other.from.Before(p.to) {
				a.fault("two HTTP probes at once, from %s and %s", other.from, p.from)
			}
		}
	}
	if len(list) == 0 {
		a.fault("no HTTP probe came")
	}
}
