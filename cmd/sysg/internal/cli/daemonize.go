package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"systemg/ipc"
	"systemg/supervisor/control"
	"systemg/supervisor/guardian"
	"systemg/supervisor/sockets"
	"systemg/supervisor/store"
)

// readyFD is the descriptor on which a supervisor that was started in the
// background says that it is ready, or why it is not.
const readyFD = 3

// launchTime is how long a new supervisor has to become ready.
const launchTime = 20 * time.Second

// ready is what it says: one line of JSON.
type ready struct {
	OK     bool     `json:"ok"`
	Locked bool     `json:"locked,omitempty"`
	Code   ipc.Code `json:"code,omitempty"`
	Text   string   `json:"text,omitempty"`
	Try    string   `json:"try,omitempty"`
}

// daemonize starts a guardian with a supervisor in the background, and returns
// when that answers. One that was started by somebody else at the same time is as good.
func (a *app) daemonize() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find the sysg program: %w", err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot make a pipe: %w", err)
	}
	defer in.Close()
	args := a.superviseArgs()
	if guardian.Possible {
		o := guardian.Order{Supervisor: args, Log: a.paths.SupervisorLog(), Note: a.paths.Trouble()}
		args = o.Args()
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(a.Environ, "SYSG_STATE_DIR="+a.stateDir())
	keepToOneself()
	activated, err := sockets.PassOn(a.getenv)
	if err != nil {
		return err
	}
	if activated != "" {
		cmd.Env = append(cmd.Env, activated)
	}
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{out}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	_ = out.Close()
	if err != nil {
		return fmt.Errorf("cannot start the supervisor: %w", err)
	}
	// The supervisor is not waited for: it outlives this command.
	_ = cmd.Process.Release()
	return awaitReady(in)
}

// superviseArgs are the arguments of a supervisor.
func (a *app) superviseArgs() []string {
	args := []string{"__supervise", "--log-level", a.LogLevel}
	if a.Sys {
		args = append(args, "--sys")
	}
	if a.DropPrivileges {
		args = append(args, "--drop-privileges")
	}
	if a.SocketGroup != "" {
		args = append(args, "--socket-group", a.SocketGroup)
	}
	return args
}

// stateDir is what the supervisor is told as SYSG_STATE_DIR, so that it uses
// the caller's directory though it runs in another folder.
func (a *app) stateDir() string {
	if a.Sys && a.getenv("SYSG_STATE_DIR") == "" {
		return ""
	}
	return a.paths.State
}

func awaitReady(in *os.File) error {
	if err := in.SetReadDeadline(time.Now().Add(launchTime)); err != nil {
		return fmt.Errorf("cannot wait for the supervisor: %w", err)
	}
	line, err := bufio.NewReader(in).ReadBytes('\n')
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ipc.Errorf(ipc.CodeTimeout, "the supervisor was not ready after %s", launchTime)
	}
	var r ready
	if err != nil || json.Unmarshal(line, &r) != nil {
		return ipc.Errorf(ipc.CodeFailed, "the supervisor ended before it was ready")
	}
	if r.OK || r.Locked {
		return nil
	}
	e := ipc.Errorf(r.Code, "%s", r.Text)
	e.Try = r.Try
	return e
}

// superviseCmd is the supervisor in the background.
type superviseCmd struct {
	Guarded bool `help:"A guardian has started this."`
}

// Run is the daemon's life.
func (c *superviseCmd) Run(a *app) error {
	tell := tellStarter()
	// A supervisor outlives the terminal it was started from.
	signal.Ignore(syscall.SIGHUP)
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	crashLog(a.paths)
	err := a.supervise(ctx, c.Guarded, func() { tell(ready{OK: true}) })
	if err == nil {
		return nil
	}
	r := ready{Text: err.Error(), Code: ipc.CodeFailed}
	var locked *store.ErrLocked
	r.Locked = errors.As(err, &locked)
	var cure interface{ Try() string }
	if errors.As(err, &cure) {
		r.Try = cure.Try()
	}
	tell(r)
	return err
}

// supervise runs a supervisor in this process, which a guardian may have
// started.
func (a *app) supervise(ctx context.Context, guarded bool, isReady func()) error {
	level, err := parseLevel(a.LogLevel)
	if err != nil {
		return err
	}
	return control.Run(ctx, control.Options{
		Paths: a.paths, System: a.Sys, DropPrivileges: a.DropPrivileges, SocketGroup: a.SocketGroup,
		Version: Version, Level: level, Ready: isReady, Guarded: guarded,
	})
}

// tellStarter gives a function that tells whoever started this supervisor,
// once, and nobody where nobody waits.
func tellStarter() func(ready) {
	var st syscall.Stat_t
	if syscall.Fstat(readyFD, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFIFO {
		return func(ready) {}
	}
	syscall.CloseOnExec(readyFD)
	var out io.WriteCloser = os.NewFile(readyFD, "ready")
	return func(r ready) {
		if out == nil {
			return
		}
		// Whoever started this may be gone; that is no matter.
		_ = json.NewEncoder(out).Encode(r)
		_ = out.Close()
		out = nil
	}
}

// crashLog has a crash of the supervisor itself written beside its log.
func crashLog(p store.Paths) {
	f, err := os.OpenFile(p.SupervisorLog()+".crash", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	_ = debug.SetCrashOutput(f, debug.CrashOptions{})
}
