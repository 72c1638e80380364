package proc

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// stageProgram is this program, also after its file was replaced (proc(5)).
const stageProgram = "/proc/self/exe"

// become makes a service of this process.
func become(report int, path string, argv []string) {
	unix.CloseOnExec(report)
	env := append(os.Environ(), "LISTEN_PID="+strconv.Itoa(os.Getpid()))
	err := syscall.Exec(path, argv, env)
	var errno syscall.Errno
	if errors.As(err, &errno) {
		_, _ = unix.Write(report, []byte(strconv.Itoa(int(errno))))
	}
	os.Exit(1)
}

// stage has an order start by way of the stage. Wait, which has to be called
// when the fork is over, successful or not, says whether the service was
// reached.
func stage(o *order, s Spec) (wait func(forked bool) error, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o.argv = stageArgs(len(s.Files), o.path, s.Argv)
	o.path = stageProgram
	o.env = listenEnv(s.Env, s.Names)
	for _, f := range s.Files {
		o.files = append(o.files, descriptor(f))
	}
	o.files = append(o.files, descriptor(w))
	return func(forked bool) error {
		_ = w.Close()
		defer r.Close()
		if !forked {
			return nil
		}
		told, err := io.ReadAll(r)
		if err != nil || len(told) == 0 {
			return nil
		}
		number, err := strconv.Atoi(string(told))
		if err != nil {
			return nil
		}
		return syscall.Errno(number)
	}, nil
}
