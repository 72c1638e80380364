package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// speakers are units that end all the time, with a line just before.
const speakers = 30

// The last words of a unit are in its log also where it ends while no supervisor
// reads them, and the guardian, which keeps them, is killed when the next
// supervisor has just begun.
func TestLastWordsOutliveTheGuardian(t *testing.T) {
	long(t, "5 s")
	var manifest strings.Builder
	manifest.WriteString("version: \"1\"\nproject: last\nservices:\n")
	for i := range speakers {
		// What is in the file has been written to the log's pipe.
		fmt.Fprintf(&manifest, "  u%d: {command: 'sleep 0.%02d; echo $SYSG_RUN; echo $SYSG_RUN >> said.%[1]d', restart_policy: always, backoff: 20ms, max_restarts: 100000, logs: {max_bytes: 64M}}\n", i, 3+i%7)
	}
	h := newHouse(t, manifest.String())
	_, _ = h.output(h.command(h.path("sysg"), "start", "-d", "-c", h.path("sysg.yaml")))
	for round := range 25 {
		s := h.status().Supervisor
		if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		h.awaitSuccessor(s.Guardian, s.PID)
		<-time.After(time.Duration(round*2) * time.Millisecond)
		if err := syscall.Kill(s.Guardian, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		h.until("another guardian is there", func() bool {
			now := h.status().Supervisor
			return now.Guardian != s.Guardian && now.Guardian != 0
		})
	}
	h.run("stop")
	for i := range speakers {
		said, err := os.ReadFile(h.path(fmt.Sprintf("said.%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		heard := h.logged("last", fmt.Sprintf("u%d", i))
		for _, run := range strings.Fields(string(said)) {
			if !slices.Contains(heard, run) {
				t.Errorf("u%d: the last words of run %s are lost", i, run)
			}
		}
	}
}

// awaitSuccessor returns as soon as a guardian has started a supervisor after
// another one. A child that the other one was just forking has one thread.
func (h *house) awaitSuccessor(guardian, before int) {
	h.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		for _, pid := range childrenOf(guardian) {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
			if pid != before && strings.HasPrefix(string(line), "sysg\x00__supervise") && len(threads) > 1 {
				return
			}
		}
	}
	h.Fatal("the guardian starts nothing")
}

// childrenOf are the children of a process.
func childrenOf(pid int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var all []int
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(field); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// logged are the lines of a unit's log, as they lie in its file.
func (h *house) logged(project, unit string) []string {
	h.Helper()
	text, err := os.ReadFile(filepath.Join(h.state, "logs", project, unit+"_stdout.log"))
	if err != nil {
		h.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}
