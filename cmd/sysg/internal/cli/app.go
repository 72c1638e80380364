package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"systemg/cmd/sysg/internal/view"
	"systemg/supervisor/store"
)

// Version is what sysg calls itself; a release sets it when it is linked.
var Version = "0.1.0-dev"

// Surroundings are what a command finds around it.
type Surroundings struct {
	Stdout, Stderr *os.File
	Environ        []string
}

// System is the process's own surroundings.
func System() Surroundings {
	return Surroundings{Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ()}
}

func (s Surroundings) getenv(name string) string {
	for i := len(s.Environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(s.Environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// app is what every command gets.
type app struct {
	Surroundings
	globals
	paths store.Paths
	// named is whether --config stands on the command line, scoped whether
	// Project comes from it.
	named, scoped bool
	// warned is whether the warnings of the manifest were told.
	warned bool
	// looks is whether the command only looks, which may be open to others
	// than root.
	looks bool
	// ends is whether the command starts nothing.
	ends bool
	// levelGiven is whether --log-level stands there.
	levelGiven bool
	// command is what stands after "--"; given says whether there was one.
	command []string
	given   bool
}

// prepare settles the flags and finds the state directory.
func (a *app) prepare() error {
	a.named, a.levelGiven = a.Config != "", a.LogLevel != ""
	if err := a.settle(a.getenv); err != nil {
		return err
	}
	if _, err := parseLevel(a.LogLevel); err != nil {
		return err
	}
	if a.Sys && os.Geteuid() != 0 && !a.looks {
		return &failure{op: "use the machine's supervisor", code: "refused", text: "--sys needs root", try: "sudo sysg --sys …, or leave --sys out"}
	}
	if a.DropPrivileges && !a.Sys {
		return usage("--drop-privileges needs --sys")
	}
	if a.SocketGroup != "" && !a.Sys {
		return usage("--socket-group needs --sys")
	}
	paths, err := store.Locate(a.Sys, a.getenv)
	if err != nil {
		return sentence(err)
	}
	a.paths = paths
	return nil
}

// style is how stdout wants to be written to, remarks how stderr does.
func (a *app) style() view.Style   { return view.Detect(a.Stdout, a.Color, a.Plain, a.getenv) }
func (a *app) remarks() view.Style { return view.Detect(a.Stderr, a.Color, a.Plain, a.getenv) }

// printJSON writes a value, indented.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// remark says something beside the answer, unless nobody wants to hear it.
func (a *app) remark(format string, args ...any) {
	if !a.Quiet && !a.JSON {
		fmt.Fprintf(a.Stderr, "sysg: "+format+"\n", args...)
	}
}

// discard is stdout, or nothing with --quiet.
func (a *app) chatter() io.Writer {
	if a.Quiet {
		return io.Discard
	}
	return a.Stdout
}

// interruptible is a context that ends with Ctrl-C and its kin.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
}

// absolute is a path of the command line, which is relative to the caller.
func absolute(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("cannot tell where %s is: %w", path, err)
	}
	return abs, nil
}

// units are the names given by position and with -s, one list.
func units(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		for _, one := range list {
			for name := range strings.SplitSeq(one, ",") {
				if name != "" {
					all = append(all, name)
				}
			}
		}
	}
	return all
}
