package cli

import (
	"context"
	"encoding/json"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// eventsCmd shows the journal.
type eventsCmd struct {
	Units   []string `arg:"" optional:"" help:"Only about these units."`
	Service []string `short:"s" placeholder:"UNIT" help:"Only about this unit."`
	Follow  bool     `short:"f" help:"Go on with what happens from now on, over restarts of the supervisor too, until Ctrl-C."`
	Since   string   `placeholder:"WHEN" help:"Only from then on: 10m, 14:30, 2026-01-31 14:30, or RFC 3339."`
	Lines   int      `short:"n" default:"100" help:"The last events to begin with; 0 for all."`
}

// Run shows.
func (c *eventsCmd) Run(a *app) error {
	return cannot("show events", forgive(c.run(a)))
}

// forgive makes a Ctrl-C, and a reader that had enough, the end they are.
func forgive(err error) error { return (&logsCmd{}).end(err) }

func (c *eventsCmd) run(a *app) error {
	if err := a.scope(); err != nil {
		return err
	}
	if c.Lines < 0 {
		return usage("--lines has to be a number of events, or 0 for all")
	}
	since, err := parseWhen(c.Since, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	client, err := a.dial(ctx)
	if err != nil {
		return err
	}
	p := ipc.EventsParams{
		Selection: a.selection(units(c.Units, c.Service)), Since: since, Follow: c.Follow, Limit: c.Lines,
	}
	if c.Since != "" {
		p.Limit = 0
	}
	request := func(client *ipc.Client) error { return a.streamEvents(ctx, client, &p) }
	if !c.Follow {
		defer client.Close()
		return request(client)
	}
	go endWithReader(a.Stdout, cancel)
	// What was shown is behind p.After by then.
	return a.throughout(ctx, client, request, func() { p.Limit = 0 })
}

// streamEvents shows events and moves the params behind them.
func (a *app) streamEvents(ctx context.Context, client *ipc.Client, p *ipc.EventsParams) error {
	var done ipc.EventsResult
	return client.Stream(ctx, ipc.MethodEvents, *p, func(note string, raw json.RawMessage) error {
		if note != ipc.NoteEvent {
			return nil
		}
		var b ipc.EventBatch
		if err := json.Unmarshal(raw, &b); err != nil {
			return err
		}
		for _, e := range b.Events {
			p.After = max(p.After, e.Seq)
		}
		return a.showEvents(b.Events)
	}, &done)
}

func (a *app) showEvents(list []ipc.Event) error {
	if !a.JSON {
		return view.Events(a.Stdout, list, a.style())
	}
	e := json.NewEncoder(a.Stdout)
	for _, one := range list {
		if err := e.Encode(one); err != nil {
			return err
		}
	}
	return nil
}
