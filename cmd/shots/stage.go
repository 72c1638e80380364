package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stage is a folder with the system in it, and a tmux of its own.
type stage struct {
	sysg, dir, socket string
}

// newStage copies the system into a folder that only exists for this run.
func newStage(sysg, from string) (*stage, error) {
	dir, err := os.MkdirTemp("", "sysg-shots")
	if err != nil {
		return nil, err
	}
	s := &stage{sysg: sysg, dir: filepath.Join(dir, "shop"), socket: filepath.Join(dir, "tmux")}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return nil, err
	}
	for _, name := range []string{"systemg.yaml", "play.sh"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(s.dir, name), data, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *stage) environ() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(s.dir), "SYSG_STATE_DIR=" + filepath.Join(filepath.Dir(s.dir), "state"),
		"LANG=C.UTF-8", "TERM=xterm-256color",
	}
}

func (s *stage) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = s.dir, s.environ()
	return cmd
}

// tmux runs a command of tmux and gives what it wrote.
func (s *stage) tmux(args ...string) (string, error) {
	out, err := s.command("tmux", append([]string{"-S", s.socket, "-f", "/dev/null"}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
	}
	return string(out), nil
}

// settling is how long the system runs before something goes wrong in it.
const settling = 20 * time.Second

// prepare starts the system, and has something go wrong in it.
func (s *stage) prepare() error {
	// One of its units fails, so the command does too: that is the picture.
	_ = s.command(s.sysg, "start", "--daemonize", "--quiet").Run()
	if out, err := s.command(s.sysg, "stop", "debug-ui").CombinedOutput(); err != nil {
		return fmt.Errorf("sysg stop: %w: %s", err, out)
	}
	time.Sleep(settling)
	if err := os.WriteFile(filepath.Join(s.dir, "stuck"), nil, 0o600); err != nil {
		return err
	}
	// Three probes later it is unhealthy, and what is started then waits for it.
	time.Sleep(6 * time.Second)
	_ = s.command(s.sysg, "stop", "ml-embed").Run()
	_ = s.command(s.sysg, "start", "--daemonize", "--quiet", "ml-embed", "--wait-timeout", "1s").Run()
	return nil
}

// strike ends everything and leaves nothing behind.
func (s *stage) strike() {
	_, _ = s.tmux("kill-server")
	_ = s.command(s.sysg, "stop", "--kill").Run()
	_ = os.RemoveAll(filepath.Dir(s.dir))
}

// patience is how long a text may take to appear.
const patience = 15 * time.Second

// perform opens the dashboard, goes through the steps and gives the screen with
// its colours.
func (s *stage) perform(shot shot) (string, error) {
	size := []string{"-x", fmt.Sprint(shot.w), "-y", fmt.Sprint(shot.h)}
	args := append([]string{"new-session", "-d", "-s", "shot"}, size...)
	args = append(args, append([]string{s.sysg, "tui"}, shot.args...)...)
	if _, err := s.tmux(args...); err != nil {
		return "", err
	}
	defer func() { _, _ = s.tmux("kill-session", "-t", "shot") }()
	for _, step := range shot.steps {
		if err := s.do(step); err != nil {
			return "", err
		}
	}
	// What a key has asked for may come in several frames.
	time.Sleep(1500 * time.Millisecond)
	return s.tmux("capture-pane", "-p", "-e", "-N", "-t", "shot")
}

func (s *stage) do(step step) error {
	switch {
	case step.pause > 0:
		time.Sleep(step.pause)
		return nil
	case len(step.sysg) > 0:
		cmd := s.command(s.sysg, step.sysg...)
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() { _ = cmd.Wait() }()
		return nil
	case len(step.keys) > 0:
		_, err := s.tmux(append([]string{"send-keys", "-t", "shot"}, step.keys...)...)
		time.Sleep(300 * time.Millisecond)
		return err
	}
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		screen, err := s.tmux("capture-pane", "-p", "-t", "shot")
		if err != nil || strings.Contains(screen, step.text) {
			return err
		}
		if time.Since(began) > patience {
			return fmt.Errorf("%q did not appear on\n%s", step.text, screen)
		}
	}
}
