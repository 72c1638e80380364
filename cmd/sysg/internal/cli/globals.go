package cli

import (
	"log/slog"
	"strconv"
	"strings"
)

// globals are the flags that every command takes, before or after its name.
type globals struct {
	Config         string `short:"c" placeholder:"FILE" help:"The manifest. Needed once: later commands find it again."`
	Project        string `short:"p" placeholder:"NAME" help:"Only this project."`
	Sys            bool   `help:"The machine's own supervisor, with its state in /var/lib/systemg. Needs root."`
	DropPrivileges bool   `help:"With --sys: units without a user of their own run as nobody."`
	SocketGroup    string `placeholder:"GROUP" help:"With --sys: members of this group may look, and nothing else."`
	LogLevel       string `placeholder:"LEVEL" help:"What the supervisor logs: off, error, warn, info, debug, trace, or 0 to 5."`
	Color          string `placeholder:"WHEN" help:"auto, always or never."`
	NoColor        bool   `help:"The same as --color never."`
	Plain          bool   `help:"Words in sentences instead of tables and signs."`
	JSON           bool   `name:"json" help:"Answer in JSON."`
	Quiet          bool   `short:"q" help:"Only errors."`

	// dashboard is what the settings say of the dashboard.
	dashboard dashboard
}

// levelOff is above every level that is logged.
const levelOff = slog.Level(100)

// levelTrace is below debug.
const levelTrace = slog.Level(-8)

// levels are the names of --log-level, in the order of their numbers.
var levels = []struct {
	name  string
	level slog.Level
}{
	{"off", levelOff},
	{"error", slog.LevelError},
	{"warn", slog.LevelWarn},
	{"info", slog.LevelInfo},
	{"debug", slog.LevelDebug},
	{"trace", levelTrace},
}

// parseLevel reads a name or a number from 0 to 5; empty means info.
func parseLevel(s string) (slog.Level, error) {
	if s == "" {
		return slog.LevelInfo, nil
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < len(levels) {
		return levels[n].level, nil
	}
	for _, l := range levels {
		if strings.EqualFold(l.name, s) || l.name == "warn" && strings.EqualFold(s, "warning") {
			return l.level, nil
		}
	}
	return 0, usage("there is no log level %q: it is off, error, warn, info, debug, trace, or 0 to 5", s)
}
