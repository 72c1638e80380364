package hooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"systemg/config"
	"systemg/supervisor/unit"
)

const (
	// atOnce is how many commands run at the same time, of all units.
	atOnce = 16
	// laneRoom and allRoom are how many wait, of one unit and of all.
	laneRoom = 64
	allRoom  = 8192
	// reasonRoom is how many bytes of a reason a command is told.
	reasonRoom = 4096
)

// Command is a hook's command line, to be given to a shell.
type Command struct {
	Def  *config.Unit
	Run  uint64
	Line string
	// Base is the unit's base environment, as NAME=VALUE; Env comes on top
	// of that and of what the manifest says.
	Base []string
	Env  []config.EnvVar
}

// call is one command that is due.
type call struct {
	command Command
	about   Occasion
	timeout time.Duration
}

// lane is the queue of one unit. A lane that exists has a goroutine.
type lane struct {
	queue   []call
	dropped int
}

// commands runs commands: one after the other for each unit, a few at a time
// for all.
type commands struct {
	run     func(context.Context, Command) (unit.Exit, error)
	told    func(Result)
	problem func(key, text string)
	log     *slog.Logger
	slots   chan struct{}

	// living ends when whatever runs is to be killed.
	living context.Context
	kill   context.CancelFunc
	lanes  sync.WaitGroup

	mu      sync.Mutex
	byUnit  map[string]*lane
	waiting int
	closed  bool
	stats   Stats
}

func newCommands(o Options) *commands {
	living, kill := context.WithCancel(context.Background())
	return &commands{
		run: o.Run, told: o.Told, problem: o.Problem, log: o.Log,
		slots: make(chan struct{}, atOnce), living: living, kill: kill, byUnit: map[string]*lane{},
	}
}

// put queues a call. It never blocks and tells nobody anything itself: what
// does not fit is counted, and told by the lane's goroutine.
func (c *commands) put(one call) {
	id := one.command.Def.ID()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		c.stats.Dropped++
		return
	}
	l, exists := c.byUnit[id]
	if !exists {
		l = &lane{}
		c.byUnit[id] = l
		c.lanes.Go(func() { c.serve(id, l) })
	}
	if len(l.queue) >= laneRoom || c.waiting >= allRoom {
		l.dropped++
		c.stats.Dropped++
		return
	}
	l.queue = append(l.queue, one)
	c.waiting++
}

// serve runs what is queued for a unit. It ends when the queue is empty.
func (c *commands) serve(id string, l *lane) {
	told := 0
	for {
		one, dropped, more := c.next(id, l)
		if dropped > told {
			told = dropped
			c.problem("hooks "+id, fmt.Sprintf("%s: %d calls of its hooks were dropped, because the ones before them take too long", id, dropped))
		}
		if !more {
			break
		}
		select {
		case c.slots <- struct{}{}:
			c.do(one)
			<-c.slots
		case <-c.living.Done():
			c.finish(one, 0, errors.New("the supervisor ended before its turn came"))
		}
	}
	if told > 0 {
		c.problem("hooks "+id, "")
	}
}

// next takes a call from the lane, or closes the lane.
func (c *commands) next(id string, l *lane) (one call, dropped int, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.queue) == 0 {
		delete(c.byUnit, id)
		return call{}, l.dropped, false
	}
	one = l.queue[0]
	l.queue = slices.Delete(l.queue, 0, 1)
	c.waiting--
	return one, l.dropped, true
}

func (c *commands) do(one call) {
	if c.living.Err() != nil {
		c.finish(one, 0, errors.New("the supervisor ended before its turn came"))
		return
	}
	ctx, cancel := context.WithTimeout(c.living, one.timeout)
	defer cancel()
	began := time.Now()
	exit, err := c.run(ctx, one.command)
	switch {
	case err != nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("took longer than %s and was killed", one.timeout)
	case ctx.Err() != nil:
		err = errors.New("was killed because the supervisor ended")
	case !exit.OK:
		err = errors.New(exit.Text)
	}
	c.finish(one, time.Since(began), err)
}

func (c *commands) finish(one call, took time.Duration, err error) {
	c.mu.Lock()
	if err != nil {
		c.stats.Failed++
	} else {
		c.stats.Done++
	}
	c.mu.Unlock()
	c.told(Result{
		Project: one.command.Def.Project, Unit: one.command.Def.Name,
		About: one.about.String(), Run: one.about.Run, Kind: KindCommand, Took: took, Err: err,
	})
}

// close takes no more calls, waits for those that are queued until ctx ends,
// and then kills what is left.
func (c *commands) close(ctx context.Context) {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	stop := context.AfterFunc(ctx, c.kill)
	c.lanes.Wait()
	stop()
	c.kill()
}

// environment is what a command is told of the occasion.
func environment(n Notice) []config.EnvVar {
	o := n.Occasion
	code, signal := "", ""
	if o.Exit != nil {
		code, signal = strconv.Itoa(o.Exit.Code), o.Exit.Signal
	}
	return []config.EnvVar{
		{Name: "SYSG_EVENT", Value: string(o.Event)},
		{Name: "SYSG_OUTCOME", Value: string(o.Outcome)},
		{Name: "SYSG_REASON", Value: clip(o.Reason)},
		{Name: "SYSG_EXIT_CODE", Value: code},
		{Name: "SYSG_EXIT_SIGNAL", Value: signal},
		{Name: "SYSG_GAVE_UP", Value: map[bool]string{true: "1"}[o.GaveUp]},
		{Name: "SYSG_TIME", Value: n.Time.UTC().Format(time.RFC3339Nano)},
	}
}

// clip makes any text fit for an environment variable.
func clip(text string) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if len(text) > reasonRoom {
		text = strings.ToValidUTF8(text[:reasonRoom], "")
	}
	return text
}
