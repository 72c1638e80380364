package cli

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"systemg/ipc"
)

// grammar is the whole command line.
type grammar struct {
	globals

	Start    startCmd    `cmd:"" help:"Start units, and the supervisor if none runs."`
	Stop     stopCmd     `cmd:"" help:"Stop units; with none named, everything and the supervisor."`
	Restart  restartCmd  `cmd:"" help:"Read the manifest again and restart units in order."`
	Deploy   deployCmd   `cmd:"" help:"Replace units by their deployment strategy, with what the manifest says now."`
	Rollback rollbackCmd `cmd:"" help:"Take units back to their last good definition."`
	Plan     planCmd     `cmd:"" help:"Say what apply would change."`
	Apply    applyCmd    `cmd:"" help:"Make the system what the manifest says; what did not change is not touched."`
	Status   statusCmd   `cmd:"" help:"Show the state of units."`
	Inspect  inspectCmd  `cmd:"" help:"Show everything about one unit."`
	Logs     logsCmd     `cmd:"" help:"Show what units wrote."`
	Trigger  triggerCmd  `cmd:"" help:"Run a cron job now."`
	Wait     waitCmd     `cmd:"" help:"Wait until units are as wanted."`
	Events   eventsCmd   `cmd:"" help:"Show what happened."`
	Why      whyCmd      `cmd:"" help:"Say why a unit is in its state."`
	Graph    graphCmd    `cmd:"" help:"Show the dependency graph."`
	TUI      tuiCmd      `cmd:"" name:"tui" help:"Open the dashboard."`
	Spawn    spawnCmd    `cmd:"" help:"Start a child of the unit this runs in."`
	Signal   signalCmd   `cmd:"" help:"Send a signal to the main process of units."`
	Init     initCmd     `cmd:"" help:"Be the first process of a container or a machine."`
	Upgrade  upgradeCmd  `cmd:"" help:"Change the program that runs; the units run on."`
	Purge    purgeCmd    `cmd:"" help:"Forget units that do not run: state, history and logs."`
	Doctor   doctorCmd   `cmd:"" help:"Say what this kernel lets this user enforce."`
	Validate validateCmd `cmd:"" help:"Check a manifest."`
	Schema   schemaCmd   `cmd:"" help:"Print the JSON Schema of the manifest."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
	Complete completeCmd `cmd:"" name:"completion" help:"Print a shell's completion script."`

	Supervise superviseCmd `cmd:"" hidden:"" name:"__supervise"`
	Words     wordsCmd     `cmd:"" hidden:"" name:"__complete"`
}

const description = `sysg runs many programs on one machine as one system.

A manifest (systemg.yaml) names the programs and what they depend on.
"sysg start" brings them up in order, keeps their output, and replaces what dies.`

// commandGC is how much garbage a command lets grow, in percent: it ends before
// collecting would have paid. A supervisor sets its own.
const commandGC = 400

// exited carries the status kong wants to exit with.
type exited int

// Main runs one command line and gives the exit status.
func Main(args []string, around Surroundings) int {
	a := &app{Surroundings: around}
	if len(args) == 1 && (args[0] == "version" || args[0] == "--version") {
		// Scripts ask this often: it needs no grammar, no settings and no
		// state.
		err := (&versionCmd{}).Run(a)
		report(around.Stderr, err, false)
		return exitStatus(err)
	}
	debug.SetGCPercent(commandGC)
	if asFirst(args) {
		args = []string{firstName}
	}
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	args = a.cut(args)
	status, err := a.run(args)
	report(around.Stderr, err, a.JSON || slices.Contains(args, "--json"))
	if err != nil {
		return exitStatus(err)
	}
	return status
}

func newParser(g any, around Surroundings, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(g, append(append(values(), more...),
		kong.Name("sysg"), kong.Description(description),
		kong.Writers(around.Stdout, around.Stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.UsageOnError(),
	)...)
}

// cut takes off what stands after "--", which start and spawn take as a command; any
// other command takes it as names.
func (a *app) cut(args []string) []string {
	at := slices.Index(args, "--")
	if at < 0 || !slices.Contains(args[:at], "start") && !slices.Contains(args[:at], "spawn") {
		return args
	}
	a.command, a.given = args[at+1:], true
	return args[:at]
}

func isNegative(s string) bool { return len(s) > 1 && s[0] == '-' && s[1] >= '0' && s[1] <= '9' }

func (a *app) run(args []string) (status int, err error) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exited)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, given, err := parse(args, a.Surroundings)
	if err != nil {
		return 0, misused(err)
	}
	a.globals = given
	name := strings.Fields(ctx.Command())[0]
	a.looks, a.ends = slices.Contains(lookers, name), name == "stop" || name == "purge"
	if err := a.prepare(); err != nil {
		return 0, err
	}
	return 0, cured(ctx.Run(a), ctx)
}

// lookers are the commands that change nothing: with --sys they need no root, as
// long as the socket, or the file, lets the caller in.
var lookers = []string{"status", "inspect", "logs", "events", "why", "graph", "wait", "validate", "schema", "version", "completion", "doctor", "tui"}

// cured has a usage error point to the help of its command.
func cured(err error, ctx *kong.Context) error {
	var f *failure
	if errors.As(err, &f) && f.try == generalHelp {
		if node := ctx.Selected(); node != nil {
			f.try = helpOf(node)
		}
	}
	return err
}

// generalHelp is the cure for a command line that names no command.
const generalHelp = "sysg --help"

func helpOf(node *kong.Node) string {
	return fmt.Sprintf("sysg %s --help", strings.Fields(node.Path())[0])
}

// misused is kong's error as a usage error.
func misused(err error) error {
	var parse *kong.ParseError
	f := &failure{code: ipc.CodeUsage, text: said(err.Error(), true), try: generalHelp}
	if !errors.As(err, &parse) || parse.Context == nil {
		return f
	}
	if node := parse.Context.Selected(); node != nil {
		f.try = helpOf(node)
	} else {
		f.text = said(err.Error(), false)
	}
	return f
}
