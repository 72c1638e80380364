package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Where --sys keeps its files.
const (
	SystemState = "/var/lib/systemg"
	SystemLogs  = "/var/log/systemg"
)

// Paths says where everything lies. All three are absolute.
type Paths struct {
	// State holds what outlives the supervisor, Logs the output of units
	// and supervisor.log, Runtime what only a running supervisor has.
	State, Logs, Runtime string
}

// Locate finds the directories without touching the disk. SYSG_STATE_DIR wins
// always, and /var/lib/systemg stands for --sys in it; then it is
// /var/lib/systemg and /var/log/systemg with system, else XDG_DATA_HOME/systemg
// or ~/.local/share/systemg. Relative values are taken from the current folder.
func Locate(system bool, getenv func(string) string) (Paths, error) {
	if dir := getenv("SYSG_STATE_DIR"); dir != "" {
		if filepath.Clean(dir) == SystemState {
			// Units of the machine's supervisor are told so.
			return Paths{State: SystemState, Logs: SystemLogs, Runtime: SystemState}, nil
		}
		return below(dir)
	}
	if system {
		return Paths{State: SystemState, Logs: SystemLogs, Runtime: SystemState}, nil
	}
	if dir := getenv("XDG_DATA_HOME"); dir != "" {
		return below(filepath.Join(dir, "systemg"))
	}
	if dir := getenv("HOME"); dir != "" {
		return below(filepath.Join(dir, ".local", "share", "systemg"))
	}
	return Paths{}, &Error{
		Op: "find the state directory", Err: errors.New("none of SYSG_STATE_DIR, XDG_DATA_HOME and HOME is set"),
		Cure: "set SYSG_STATE_DIR to a folder of your own",
	}
}

func below(dir string) (Paths, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Paths{}, &Error{Op: "find the state directory", Path: dir, Err: err}
	}
	return Paths{State: abs, Logs: filepath.Join(abs, "logs"), Runtime: abs}, nil
}

// Socket is the control socket.
func (p Paths) Socket() string { return filepath.Join(p.Runtime, "control.sock") }

// PidFile holds the number of the process that has the lock.
func (p Paths) PidFile() string { return filepath.Join(p.Runtime, "sysg.pid") }

// Trouble is where a guardian says that its supervisor keeps crashing.
func (p Paths) Trouble() string { return filepath.Join(p.Runtime, "guardian.json") }

// Hint is the file that remembers which manifests were used.
func (p Paths) Hint() string { return filepath.Join(p.State, "config_hint") }

// StateFile is the desired and last known state of every unit.
func (p Paths) StateFile() string { return filepath.Join(p.State, "state.json") }

// CronFile is the history of each cron job.
func (p Paths) CronFile() string { return filepath.Join(p.State, "cron_state.json") }

// Events is the journal's directory.
func (p Paths) Events() string { return filepath.Join(p.State, "events") }

// Metrics is the directory of CPU and memory histories.
func (p Paths) Metrics() string { return filepath.Join(p.State, "metrics") }

// SupervisorLog is the supervisor's own log.
func (p Paths) SupervisorLog() string { return filepath.Join(p.Logs, "supervisor.log") }

// ProjectLogs is the directory of a project's logs.
func (p Paths) ProjectLogs(project string) string {
	name := fileName(project)
	if strings.HasPrefix(name, "supervisor.log") {
		name = "%73" + name[1:]
	}
	return filepath.Join(p.Logs, name)
}

// Log is the current segment of a unit's stream; kind is stdout or stderr.
func (p Paths) Log(project, unit, kind string) string {
	return filepath.Join(p.ProjectLogs(project), fileName(unit)+"_"+kind+".log")
}

// FIFO is the pipe a unit writes the stream to. It is never among the logs,
// which may be removed while the unit runs; see PipeDir.
func (p Paths) FIFO(project, unit, kind string) string {
	return filepath.Join(p.PipeDir(), fileName(project), fileName(unit)+"_"+kind)
}

// fileName makes any text a single, visible path element. Names that a
// manifest allows stay as they are; every other byte becomes %XX, so no two
// names share a file and none leaves its directory.
func fileName(name string) string {
	if name == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '_' || c == '@' || c == '-' || c == '.' && i > 0
		if ok {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
