package cli

import (
	"context"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// inspectCmd shows everything about one unit.
type inspectCmd struct {
	Unit    string        `arg:"" optional:"" help:"The unit: its name, project/name, or hash."`
	Service string        `short:"s" placeholder:"UNIT" help:"The same."`
	Window  time.Duration `default:"15m" help:"How far back charts and events go."`
}

// Run shows.
func (c *inspectCmd) Run(a *app) error {
	name, err := oneUnit("inspect", c.Unit, c.Service)
	if err != nil {
		return err
	}
	if c.Window <= 0 {
		return usage("--window has to be positive")
	}
	if err := a.scope(); err != nil {
		return cannot("inspect "+name, err)
	}
	p := ipc.InspectParams{Unit: name, Project: a.Project, WindowSecs: c.Window.Seconds()}
	r, err := ask[ipc.InspectResult](a, "inspect "+name, ipc.MethodInspect, p)
	if exitStatus(err) == statusNotRunning {
		r, err = a.offlineInspect(p)
		if err == nil {
			a.remark("no supervisor runs; this is the last known state")
		}
	}
	if err != nil {
		return cannot("inspect "+name, err)
	}
	if a.JSON {
		return a.printJSON(r)
	}
	return view.Inspect(a.Stdout, r, a.style(), c.Window)
}

// oneUnit is the unit of a command about one, by position or by -s.
func oneUnit(command, position, flag string) (string, error) {
	switch {
	case position == "" && flag == "":
		return "", usage("%s needs a unit", command)
	case position != "" && flag != "" && position != flag:
		return "", usage("%s is about one unit, and here are %s and %s", command, position, flag)
	}
	return first(position, flag), nil
}

// whyCmd says why a unit is in its state.
type whyCmd struct {
	Unit    string `arg:"" optional:"" help:"The unit."`
	Service string `short:"s" placeholder:"UNIT" help:"The same."`
}

// Run says it.
func (c *whyCmd) Run(a *app) error {
	name, err := oneUnit("why", c.Unit, c.Service)
	if err != nil {
		return err
	}
	if err := a.scope(); err != nil {
		return cannot("say why", err)
	}
	r, err := ask[ipc.WhyResult](a, "say why", ipc.MethodWhy, ipc.WhyParams{Unit: name, Project: a.Project})
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(r)
	}
	return view.Why(a.Stdout, r, a.style())
}

// graphCmd shows the dependency graph.
type graphCmd struct {
	Format string `enum:"text,dot,mermaid" default:"text" help:"text, dot (Graphviz) or mermaid."`
}

// Run shows it.
func (c *graphCmd) Run(a *app) error {
	if err := a.scope(); err != nil {
		return cannot("show the graph", err)
	}
	r, err := c.fetch(a)
	if err != nil {
		return cannot("show the graph", err)
	}
	if a.JSON {
		return a.printJSON(r)
	}
	return view.Graph(a.Stdout, r, c.Format, a.style())
}

func (c *graphCmd) fetch(a *app) (ipc.GraphResult, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	client, err := a.dial(ctx)
	if err != nil {
		return ipc.GraphResult{}, err
	}
	defer client.Close()
	return client.Graph(ctx, ipc.GraphParams{Project: a.Project})
}
