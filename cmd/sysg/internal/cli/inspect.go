package cli

import (
	"context"
	"errors"
	"fmt"
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
	offline := false
	list, err := forEach(name, func(name string) (ipc.InspectResult, error) {
		p := ipc.InspectParams{Unit: name, Project: a.Project, Near: a.near(), WindowSecs: c.Window.Seconds()}
		r, err := ask[ipc.InspectResult](a, "inspect "+name, ipc.MethodInspect, p)
		if exitStatus(err) == statusNotRunning {
			offline = true
			r, err = a.offlineInspect(p)
		}
		return r, cannot("inspect "+name, err)
	})
	if err != nil {
		return err
	}
	if offline {
		a.remark("no supervisor runs; this is the last known state")
	}
	return showEach(a, list, func(r ipc.InspectResult) error { return view.Inspect(a.Stdout, r, a.style(), c.Window) })
}

// forEach asks about one unit, or about each of the replicas that its name
// stands for.
func forEach[T any](name string, ask func(name string) (T, error)) ([]T, error) {
	one, err := ask(name)
	var f *failure
	if err == nil || !errors.As(err, &f) {
		return []T{one}, err
	}
	replicas := listOf(f.data["replicas"])
	if len(replicas) == 0 {
		return nil, err
	}
	all := make([]T, 0, len(replicas))
	for _, name := range replicas {
		one, err := ask(name)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// listOf is a list of texts in the data of an error, from here or from a
// supervisor.
func listOf(v any) []string {
	if own, ok := v.([]string); ok {
		return own
	}
	var list []string
	there, _ := v.([]any)
	for _, one := range there {
		if text, ok := one.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// showEach shows the one answer, or one below the other; as JSON it is an object
// or a list.
func showEach[T any](a *app, list []T, show func(T) error) error {
	if a.JSON && len(list) == 1 {
		return a.printJSON(list[0])
	}
	if a.JSON {
		return a.printJSON(list)
	}
	for i, one := range list {
		if i > 0 {
			if _, err := fmt.Fprintln(a.Stdout); err != nil {
				return err
			}
		}
		if err := show(one); err != nil {
			return err
		}
	}
	return nil
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
	list, err := forEach(name, func(name string) (ipc.WhyResult, error) {
		return ask[ipc.WhyResult](a, "say why", ipc.MethodWhy, ipc.WhyParams{Unit: name, Project: a.Project, Near: a.near()})
	})
	if err != nil {
		return err
	}
	return showEach(a, list, func(r ipc.WhyResult) error { return view.Why(a.Stdout, r, a.style()) })
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
