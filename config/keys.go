package config

import "math"

// shape is the form of a value.
type shape string

const (
	shapeText     shape = "text"
	shapeName     shape = "name"
	shapeBool     shape = "bool"
	shapeInt      shape = "int"
	shapeNumber   shape = "number"
	shapeDuration shape = "duration"
	shapeSize     shape = "size"
	shapeSignal   shape = "signal"
	shapeTexts    shape = "list of text"
	shapeTextOr   shape = "text or list of text"
	shapeVars     shape = "map of text"
	shapeInts     shape = "int or list of int"
	shapeObject   shape = "object"
	shapeObjects  shape = "list of objects"
	shapeNamed    shape = "map of objects"
)

// key is one key of the manifest: what may stand there, and what it means. The
// decoder knows its keys from here, and so does the schema.
type key struct {
	name  string
	shape shape
	// also are further shapes the value may have.
	also []shape
	// enum are the words it is one of; beside a number or a size, words that
	// stand for one.
	enum []string
	// least and most bound a number; both 0 means that nothing does.
	least, most float64
	// positive is whether a duration or a size cannot be 0.
	positive bool
	// pattern is what a text looks like, as far as an expression can tell.
	pattern string
	doc     string
	keys    []key
}

// nullable is whether a key may stand without a value, as a block whose lines
// are all comments does.
func (k key) nullable() bool {
	for _, s := range append([]shape{k.shape}, k.also...) {
		switch s {
		case shapeTexts, shapeTextOr, shapeInts, shapeVars, shapeObject, shapeObjects, shapeNamed:
			return true
		case shapeText, shapeName, shapeBool, shapeInt, shapeNumber, shapeDuration, shapeSize, shapeSignal:
		}
	}
	return false
}

// find is the key of a name, the zero key where there is none.
func find(keys []key, name string) key {
	for _, k := range keys {
		if k.name == name {
			return k
		}
	}
	return key{}
}

func names(keys []key) []string {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		list = append(list, k.name)
	}
	return list
}

var envKeys = []key{
	{name: "file", shape: shapeTextOr, doc: "Env files (NAME=VALUE lines), relative to the manifest. A later file wins."},
	{name: "vars", shape: shapeVars, doc: "Variables; they win over file."},
	{name: "inherit", shape: shapeBool, doc: "Whether a unit that changes its user keeps the caller's environment."},
}

var healthKeys = []key{
	{name: "url", shape: shapeText, pattern: webPattern, doc: "An HTTP GET that has to answer with 2xx or 3xx."},
	{name: "tcp", shape: shapeText, pattern: addressPattern, doc: "A host:port that has to accept a connection."},
	{name: "command", shape: shapeText, pattern: filledPattern, doc: "A command (sh -c) that has to exit with 0."},
	{name: "notify", shape: shapeBool, doc: "The unit says READY=1 itself (sd_notify)."},
	{name: "log", shape: shapeText, pattern: filledPattern, doc: "A regular expression a line of output has to match."},
	{name: "interval", shape: shapeDuration, positive: true, doc: "The pause between attempts (2s)."},
	{name: "attempt_timeout", shape: shapeDuration, positive: true, doc: "How long one attempt may take (5s)."},
	{name: "timeout", shape: shapeDuration, positive: true, doc: "How long the unit has to become healthy (30s)."},
	{name: "total_timeout", shape: shapeDuration, positive: true, doc: "The same as timeout."},
	{name: "retries", shape: shapeInt, least: 1, most: 1_000_000, doc: "How many failures in a row make it unhealthy (3)."},
	{name: "start_period", shape: shapeDuration, doc: "How long failures do not count after a start."},
	{name: "watchdog", shape: shapeDuration, doc: "With notify: WATCHDOG=1 has to come at least that often."},
	{name: "liveness", shape: shapeText, enum: []string{"none", "mark", "restart"}, doc: "What happens to a unit that becomes unhealthy later (none)."},
}

var blueGreenKeys = []key{
	{name: "env_var", shape: shapeText, pattern: variablePattern, doc: "The variable that tells an instance its slot."},
	{name: "slots", shape: shapeTexts, doc: "The two slots."},
	{name: "switch_command", shape: shapeText, pattern: filledPattern, doc: "The command that moves traffic; {slot} and {candidate_slot} are filled in."},
	{name: "candidate_health_check", shape: shapeObject, keys: healthKeys, doc: "What the new instance has to pass."},
	{name: "switch_verify", shape: shapeText, doc: "A command that checks the switch."},
}

var deploymentKeys = []key{
	{name: "strategy", shape: shapeText, enum: []string{"immediate", "rolling"}, doc: "How the unit is replaced (immediate)."},
	{name: "pre_start", shape: shapeText, doc: "A command (sh -c) that runs before each start; its failure is the start's."},
	{name: "health_check", shape: shapeObject, keys: healthKeys, doc: "The same as health_check of the unit."},
	{name: "grace_period", shape: shapeDuration, doc: "How long the old instance stays after the new one is ready."},
	{name: "blue_green", shape: shapeObject, keys: blueGreenKeys, doc: "A rollout over two slots."},
}

var webhookKeys = []key{
	{name: "url", shape: shapeText, pattern: webPattern, doc: "Where the event is sent to."},
	{name: "headers", shape: shapeVars, doc: "Further headers."},
	{name: "secret", shape: shapeText, doc: "The key of the HMAC-SHA256 signature."},
	{name: "timeout", shape: shapeDuration, positive: true, doc: "How long one attempt may take."},
	{name: "retries", shape: shapeInt, most: 1000, doc: "How often it is tried again."},
}

var reactionKeys = []key{
	{name: "command", shape: shapeText, pattern: filledPattern, doc: "A command (sh -c) in the unit's environment."},
	{name: "timeout", shape: shapeDuration, positive: true, doc: "How long the command may take."},
	{name: "webhook", shape: shapeObject, keys: webhookKeys, doc: "An HTTP call."},
}

var outcomeKeys = []key{
	{name: "success", shape: shapeObject, also: []shape{shapeText}, keys: reactionKeys, doc: "When it succeeded."},
	{name: "error", shape: shapeObject, also: []shape{shapeText}, keys: reactionKeys, doc: "When it failed."},
}

var hookKeys = []key{
	{name: "on_start", shape: shapeObject, keys: outcomeKeys, doc: "After a start."},
	{name: "on_stop", shape: shapeObject, keys: outcomeKeys, doc: "After a stop."},
	{name: "on_restart", shape: shapeObject, keys: outcomeKeys, doc: "After a restart."},
	{name: "onstart", shape: shapeObject, also: []shape{shapeText}, keys: reactionKeys, doc: "Version 2's on_start success."},
	{name: "onerr", shape: shapeObject, also: []shape{shapeText}, keys: reactionKeys, doc: "Version 2's on_start error."},
}

var cronKeys = []key{
	{name: "expression", shape: shapeText, pattern: filledPattern, doc: "Second, minute, hour, day, month, weekday; with five fields the second is 0; or @daily and its like, or @every 90s. Where day and weekday are both restricted, either is enough."},
	{name: "timezone", shape: shapeText, pattern: filledPattern, doc: "An IANA time zone; default the machine's."},
	{name: "overlap", shape: shapeText, enum: []string{"skip", "queue", "replace"}, doc: "What happens when the run before still runs (skip)."},
	{name: "timeout", shape: shapeDuration, doc: "How long a run may take."},
	{name: "jitter", shape: shapeDuration, doc: "How much later a run may begin, at random; never past the next due time."},
	{name: "catch_up", shape: shapeText, enum: []string{"none", "once"}, doc: "Whether a missed run is made up for (none)."},
	{name: "history", shape: shapeInt, least: 1, most: 10_000, doc: "How many runs are remembered (10)."},
}

var backoffKeys = []key{
	{name: "initial", shape: shapeDuration, doc: "The first delay (100ms)."},
	{name: "factor", shape: shapeNumber, least: 1, most: 1000, doc: "What it is multiplied with each time (2)."},
	{name: "max", shape: shapeDuration, doc: "The longest delay (30s)."},
	{name: "jitter", shape: shapeNumber, most: 1, doc: "How much it is spread, 0 to 1 (0.1)."},
}

var dependencyKeys = []key{
	{name: "condition", shape: shapeText, enum: []string{"started", "healthy", "completed", "log"}, doc: "What is waited for."},
	{name: "log", shape: shapeText, pattern: filledPattern, doc: "With condition: log, a regular expression."},
	{name: "cascade", shape: shapeBool, doc: "Whether a crash of the dependency stops this unit (true)."},
}

var logKeys = []key{
	{name: "sink", shape: shapeText, enum: []string{"file", "none"}, doc: "Where output goes (file)."},
	{name: "max_bytes", shape: shapeSize, positive: true, doc: "How large a segment may grow (10M)."},
	{name: "max_files", shape: shapeInt, least: 1, most: 1000, doc: "How many segments are kept (5)."},
}

var socketKeys = []key{
	{name: "name", shape: shapeText, pattern: socketPattern, doc: "The name in LISTEN_FDNAMES."},
	{name: "listen", shape: shapeText, pattern: listenPattern, doc: "tcp://host:port or unix:///path."},
	{name: "mode", shape: shapeText, pattern: modePattern, doc: "The permissions of a Unix socket, in octal."},
	{name: "user", shape: shapeText, doc: "The owner of a Unix socket."},
}

var cgroupKeys = []key{
	{name: "memory_max", shape: shapeSize, enum: []string{"max"}, doc: "memory.max"},
	{name: "memory_high", shape: shapeSize, enum: []string{"max"}, doc: "memory.high"},
	{name: "cpu_max", shape: shapeText, pattern: cpuMaxPattern, doc: "cpu.max"},
	{name: "cpu_weight", shape: shapeInt, least: 1, most: 10_000, doc: "cpu.weight"},
	{name: "pids_max", shape: shapeInt, least: 1, most: math.MaxInt32, enum: []string{"max"}, doc: "pids.max"},
	{name: "io_weight", shape: shapeInt, least: 1, most: 10_000, doc: "io.weight"},
	{name: "root", shape: shapeText, doc: "The cgroup below which the unit's is made."},
}

var limitKeys = []key{
	{name: "nofile", shape: shapeSize, enum: []string{"unlimited", "infinity"}, doc: "Open descriptors."},
	{name: "nproc", shape: shapeSize, enum: []string{"unlimited", "infinity"}, doc: "Processes of the user."},
	{name: "memlock", shape: shapeSize, enum: []string{"unlimited", "infinity"}, doc: "Locked memory."},
	{name: "core", shape: shapeSize, enum: []string{"unlimited", "infinity"}, doc: "The size of core files."},
	{name: "stack", shape: shapeSize, enum: []string{"unlimited", "infinity"}, doc: "The size of the stack."},
	{name: "nice", shape: shapeInt, least: -20, most: 19, doc: "Priority, -20 to 19."},
	{name: "cpu_affinity", shape: shapeInts, most: maxCPU, doc: "A list of CPU numbers."},
	{name: "oom_score_adj", shape: shapeInt, least: -1000, most: 1000, doc: "-1000 to 1000."},
	{name: "cgroup", shape: shapeObject, keys: cgroupKeys, doc: "Limits of the unit's cgroup."},
}

var landlockKeys = []key{
	{name: "ro", shape: shapeTextOr, doc: "Paths that may be read."},
	{name: "rw", shape: shapeTextOr, doc: "Paths that may be read and written."},
}

var isolationKeys = []key{
	{name: "network", shape: shapeBool, doc: "A network of its own."},
	{name: "mount", shape: shapeBool, doc: "Mounts of its own."},
	{name: "pid", shape: shapeBool, doc: "Process numbers of its own."},
	{name: "user", shape: shapeBool, doc: "User numbers of its own."},
	{name: "uts", shape: shapeBool, doc: "A host name of its own."},
	{name: "ipc", shape: shapeBool, doc: "System V IPC of its own."},
	{name: "private_tmp", shape: shapeBool, doc: "A /tmp of its own."},
	{name: "private_devices", shape: shapeBool, doc: "A /dev of its own."},
	{name: "read_only", shape: shapeBool, doc: "A file system that cannot be written, but for private_tmp and private_devices."},
	{name: "no_new_privs", shape: shapeBool, doc: "Whether programs it executes can gain nothing (setuid bits do not count). On by itself with user, capabilities, landlock or seccomp."},
	{name: "landlock", shape: shapeObject, keys: landlockKeys, doc: "Paths the unit is restricted to."},
	{name: "seccomp", shape: shapeText, pattern: filledPattern, doc: "The built-in profile of system calls (default), or a file with one in the OCI format."},
	{name: "apparmor_profile", shape: shapeText, doc: "An AppArmor profile."},
	{name: "selinux_context", shape: shapeText, doc: "An SELinux context."},
}

var spawnKeys = []key{
	{name: "mode", shape: shapeText, enum: []string{"dynamic"}, doc: "dynamic: children come by sysg spawn."},
	{name: "limits", shape: shapeObject, doc: "How many.", keys: []key{
		{name: "children", shape: shapeInt, most: 1_000_000, doc: "How many children of one unit may live (100)."},
		{name: "depth", shape: shapeInt, most: 1000, doc: "How many generations there may be below the unit (3)."},
		{name: "descendants", shape: shapeInt, most: 1_000_000, doc: "How many descendants of the unit may live in all (500)."},
	}},
}

var watchKeys = []key{
	{name: "paths", shape: shapeTextOr, doc: "What is watched, relative to the manifest."},
	{name: "ignore", shape: shapeTextOr, doc: "Patterns that do not count."},
	{name: "debounce", shape: shapeDuration, doc: "How long to wait for further changes."},
}

var unitKeys = []key{
	{name: "command", shape: shapeText, pattern: filledPattern, doc: "A command line, run by sh -c."},
	{name: "exec", shape: shapeTexts, doc: "A program and its arguments, without a shell."},
	{name: "type", shape: shapeText, enum: []string{"service", "oneshot"}, doc: "A service stays, a oneshot ends by itself (service)."},
	{name: "working_dir", shape: shapeText, doc: "Where it runs; default the manifest's folder."},
	{name: "env", shape: shapeObject, keys: envKeys, doc: "Environment; it wins over the root's."},
	{name: "restart_policy", shape: shapeText, enum: []string{"never", "on-failure", "always"}, doc: "When it is started again (never)."},
	{name: "backoff", shape: shapeObject, also: []shape{shapeDuration}, keys: backoffKeys, doc: "The delay before a restart; a duration is a fixed one."},
	{name: "max_restarts", shape: shapeInt, most: math.MaxInt32, doc: "How many failures in a row are answered by a restart."},
	{name: "restart_reset", shape: shapeDuration, doc: "How long it has to be ready before its failures are forgotten (10s)."},
	{name: "depends_on", shape: shapeNamed, also: []shape{shapeTextOr}, keys: dependencyKeys, doc: "What has to be up first."},
	{name: "health_check", shape: shapeObject, keys: healthKeys, doc: "How to tell that it is well."},
	{name: "deployment", shape: shapeObject, keys: deploymentKeys, doc: "How it is replaced."},
	{name: "sockets", shape: shapeObjects, keys: socketKeys, doc: "Listening sockets the supervisor keeps open for it."},
	{name: "hooks", shape: shapeObject, keys: hookKeys, doc: "What follows a start, a stop, a restart."},
	{name: "cron", shape: shapeObject, keys: cronKeys, doc: "Run by the clock."},
	{name: "skip", shape: shapeBool, also: []shape{shapeText}, pattern: filledPattern, doc: "Not started: always, or when this command (sh -c) exits with 0."},
	{name: "stop_signal", shape: shapeSignal, enum: signals, doc: "How it is asked to end (SIGTERM)."},
	{name: "stop_timeout", shape: shapeDuration, doc: "How long it may take before it is killed (10s)."},
	{name: "stop_command", shape: shapeText, doc: "Run first (sh -c, with MAINPID); the signal follows where it fails."},
	{name: "logs", shape: shapeObject, keys: logKeys, doc: "Where output goes and how much is kept."},
	{name: "replicas", shape: shapeInt, least: 1, most: maxReplicas, doc: "How many instances: name.1, name.2 …"},
	{name: "user", shape: shapeText, doc: "Whom it runs as."},
	{name: "group", shape: shapeText, doc: "Its group."},
	{name: "supplementary_groups", shape: shapeTexts, doc: "Further groups."},
	{name: "limits", shape: shapeObject, keys: limitKeys, doc: "Resource limits."},
	{name: "capabilities", shape: shapeTexts, enum: capabilities, doc: "Capabilities it keeps."},
	{name: "isolation", shape: shapeObject, keys: isolationKeys, doc: "What it is kept from."},
	{name: "spawn", shape: shapeObject, keys: spawnKeys, doc: "Children it may start through the supervisor."},
	{name: "watch", shape: shapeObject, keys: watchKeys, doc: "Restart when files change."},
}

var metricsKeys = []key{
	{name: "sample_interval_secs", shape: shapeInt, least: 1, most: 60, doc: "1 to 60; default: as often as costs little."},
	{name: "retention_minutes", shape: shapeInt, least: 1, most: math.MaxInt32, doc: "How far back histories go (720)."},
	{name: "max_memory_bytes", shape: shapeSize, doc: "The most memory for histories."},
	{name: "spillover_path", shape: shapeText, doc: "The folder of histories."},
	{name: "spillover_max_bytes", shape: shapeSize, doc: "The most disk for histories."},
}

var projectKeys = []key{
	{name: "env", shape: shapeObject, keys: envKeys, doc: "Environment of every unit of the project."},
	{name: "services", shape: shapeNamed, keys: unitKeys, doc: "The units."},
}

var rootKeys = []key{
	{name: "version", shape: shapeText, enum: []string{"1", "2"}, doc: "The manifest's version, as text or as a number."},
	{name: "project", shape: shapeName, doc: "The project's name; default the manifest's folder."},
	{name: "env", shape: shapeObject, keys: envKeys, doc: "Environment of every unit."},
	{name: "services", shape: shapeNamed, keys: unitKeys, doc: "The units."},
	{name: "projects", shape: shapeNamed, keys: projectKeys, doc: "Several projects in one manifest."},
	{name: "metrics", shape: shapeObject, keys: metricsKeys, doc: "How CPU and memory are sampled and kept."},
}
