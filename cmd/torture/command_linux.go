package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"systemg/ipc"
)

// answer is what a command said in the end.
type answer struct {
	command string
	out     []byte
	// code and text are empty where it succeeded.
	code ipc.Code
	text string
	run  ipc.CronRun
}

func (a answer) done() bool { return a.code == "" }

// unbegun is whether the command found nobody, so that nothing was done of it.
func (a answer) unbegun() bool { return a.code == ipc.CodeNotRunning }

// untold is whether nobody could tell what came of it.
func (a answer) untold() bool {
	return a.code == ipc.CodeLost || a.code == ipc.CodeShuttingDown || a.code == ipc.CodeCanceled
}

func (a answer) String() string { return a.command + ": " + string(a.code) + ": " + a.text }

// ask runs a command of the program to its end.
func (s *system) ask(args ...string) answer {
	cmd := s.command(s.binary, append([]string{"--json"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	a := answer{command: "sysg " + strings.Join(args, " "), out: out.Bytes()}
	if err == nil {
		return a
	}
	var told struct {
		Error string      `json:"error"`
		Code  ipc.Code    `json:"code"`
		Run   ipc.CronRun `json:"run"`
	}
	// Remarks may come before the error.
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	if json.Unmarshal([]byte(lines[len(lines)-1]), &told) == nil && told.Code != "" {
		a.code, a.text, a.run = told.Code, told.Error, told.Run
		return a
	}
	a.code, a.text = ipc.CodeFailed, err.Error()+" "+errs.String()+out.String()
	return a
}

func (s *system) command(binary string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// processes are those that play a role in this system.
func (s *system) processes() []string {
	var list []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		line, _ := os.ReadFile(path)
		args := strings.Split(string(line), "\x00")
		if len(args) > 2 && strings.HasPrefix(args[1], "__") && strings.HasPrefix(args[2], s.dir+"/") {
			list = append(list, strings.Join(args[1:], " ")+"in "+filepath.Dir(path))
		}
	}
	return list
}
