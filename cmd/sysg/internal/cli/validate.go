package cli

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor/guardian"
	"systemg/supervisor/store"
)

// validateCmd checks a manifest.
type validateCmd struct {
	File string `arg:"" optional:"" help:"The manifest; --config and ./systemg.yaml are looked at too."`
}

// validation is what --json prints.
type validation struct {
	Valid       bool                `json:"valid"`
	File        string              `json:"file"`
	Projects    int                 `json:"projects"`
	Units       int                 `json:"units"`
	Diagnostics []config.Diagnostic `json:"diagnostics"`
	// More is how many further errors there are.
	More int `json:"more,omitempty"`
}

// Run checks; it exits 2 for a manifest that has errors.
func (c *validateCmd) Run(a *app) error { return cannot("validate", c.run(a)) }

func (c *validateCmd) run(a *app) error {
	a.Config = first(c.File, a.Config)
	m, err := a.manifest()
	if err != nil {
		return err
	}
	if m.Path == "" {
		return a.noManifest()
	}
	plan, err := a.load(m)
	var invalid *config.Invalid
	switch {
	case errors.As(err, &invalid) && a.JSON:
		if err := a.printJSON(validation{File: m.Path, Diagnostics: invalid.Diagnostics, More: invalid.More}); err != nil {
			return err
		}
		return silent(statusUsage)
	case err != nil:
		return err
	}
	v := validation{Valid: true, File: m.Path, Projects: len(plan.Projects), Diagnostics: []config.Diagnostic{}}
	for _, p := range plan.Projects {
		v.Units += len(p.Units)
	}
	v.Diagnostics = append(v.Diagnostics, plan.Warnings...)
	if a.JSON {
		return a.printJSON(v)
	}
	for _, d := range plan.Warnings {
		fmt.Fprintln(a.Stderr, d)
	}
	_, err = fmt.Fprintf(a.chatter(), "%s is valid: %s in %s\n", m.Path, counted(v.Units, "unit"), counted(v.Projects, "project"))
	return err
}

// counted is a number of things: 1 unit, 2 units.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// schemaCmd prints the JSON Schema.
type schemaCmd struct{}

// Run prints.
func (*schemaCmd) Run(a *app) error {
	_, err := a.Stdout.Write(config.Schema())
	return err
}

// edition is what a program says of itself; sysg upgrade asks for it.
type edition struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	// Protocol is that of the control socket, Guardian that between guardian
	// and supervisor, State the newest schema of the state that it reads and
	// the one that it writes; older ones it reads too.
	Protocol int `json:"protocol"`
	Guardian int `json:"guardian_protocol"`
	State    int `json:"state_schema"`
}

// versionCmd prints the version.
type versionCmd struct{}

// Run prints.
func (*versionCmd) Run(a *app) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	if a.JSON {
		return a.printJSON(edition{
			Version: Version, Revision: revision, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
			Protocol: ipc.Protocol, Guardian: guardian.Protocol, State: store.Schema,
		})
	}
	text := "sysg " + Version
	if len(revision) > 12 {
		text += " (" + revision[:12] + ")"
	}
	_, err := fmt.Fprintln(a.Stdout, text)
	return err
}
