package proc

import (
	"strconv"
	"strings"

	"systemg/supervisor/privilege/stage"
)

// FirstFile is the descriptor of the first of Spec.Files, as sd_listen_fds(3)
// has it.
const FirstFile = 3

// Stage is the way of a process that stands between this one and a service: it
// does nothing in any other. It has to be called before anything else in main,
// and in TestMain of tests that start services with a PID namespace.
func Stage() { stage.Main() }

// listenEnv is the environment of a service that is given files: the names of
// the protocol mean this service's files and no others. LISTEN_PID is known
// only inside.
func listenEnv(env, names []string) []string {
	out := make([]string, 0, len(env)+2)
	for _, kv := range env {
		if !strings.HasPrefix(kv, "LISTEN_FDS=") && !strings.HasPrefix(kv, "LISTEN_FDNAMES=") && !strings.HasPrefix(kv, "LISTEN_PID=") {
			out = append(out, kv)
		}
	}
	return append(out, "LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
}
