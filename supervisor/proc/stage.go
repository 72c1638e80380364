package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// stageWord is the first argument of this program where it is only a stage on
// the way to a service.
const stageWord = "__exec"

// FirstFile is the descriptor of the first of Spec.Files, as sd_listen_fds(3)
// has it.
const FirstFile = 3

// stageArgs is what the stage is started with: how many files there are, the
// program, and its arguments.
func stageArgs(files int, path string, argv []string) []string {
	return append([]string{"sysg", stageWord, strconv.Itoa(files), path}, argv...)
}

// Stage is the way of a process that becomes a service with files of its own:
// it does nothing in any other. It has to be called before anything else in
// main, and in TestMain of tests that start such services.
//
// LISTEN_PID is the number of the process that is to use the files, which is
// known only inside it. So a service that is given files is started as this
// same program, which says its own number and then becomes the service: the
// process stays the same one.
//
// After the files comes a pipe that is closed by a successful exec, and else
// is told the error's number.
func Stage() {
	if len(os.Args) < 5 || os.Args[1] != stageWord {
		return
	}
	files, err := strconv.Atoi(os.Args[2])
	if err != nil || files < 1 || os.Getenv("LISTEN_FDS") != os.Args[2] {
		fmt.Fprintln(os.Stderr, "sysg: __exec is for the supervisor alone")
		os.Exit(2)
	}
	become(FirstFile+files, os.Args[3], os.Args[4:])
}

// listenEnv is the environment of a service that is given files: the names of
// the protocol mean this service's files and no others.
func listenEnv(env, names []string) []string {
	out := make([]string, 0, len(env)+2)
	for _, kv := range env {
		if !strings.HasPrefix(kv, "LISTEN_FDS=") && !strings.HasPrefix(kv, "LISTEN_FDNAMES=") && !strings.HasPrefix(kv, "LISTEN_PID=") {
			out = append(out, kv)
		}
	}
	return append(out, "LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
}
