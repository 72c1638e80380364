package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The services beside the writers.
const (
	crashers = 3
	jobs     = 2
	// crasherLife is by how many milliseconds each crasher lives longer than
	// the one before: the first ends before it is up, the others after that,
	// so that their hooks are called.
	crasherLife = 300
)

// tells is whether a crasher has webhooks.
func tells(i int) bool { return i > 0 }

// write writes the manifest, in which the roller has a generation.
func (s *system) write(generation int) error {
	var b strings.Builder
	b.WriteString("version: \"1\"\nproject: torture\nservices:\n")
	segment := "64M"
	if s.points > 0 {
		// So that there are many.
		segment = "64K"
	}
	for i := range s.writers {
		fmt.Fprintf(&b, "  w%d:\n    exec: [%q, %s, %q, \"%d\"]\n    restart_policy: always\n    logs: {max_bytes: %s, max_files: 1000}\n",
			i, s.self, writerRole, s.truth("w", i).path, s.rate/max(s.writers, 1), segment)
	}
	for i := range s.crashers {
		fmt.Fprintf(&b, "  c%d:\n    exec: [%q, %s, %q, \"%d\"]\n    restart_policy: always\n    backoff: 30ms\n    hooks:\n%s",
			i, s.self, crasherRole, s.truth("c", i).path, i*crasherLife, s.hooks(i))
	}
	for i := range s.jobs {
		fmt.Fprintf(&b, "  j%d:\n    exec: [%q, %s, %q]\n    cron: {expression: \"* * * * * *\", history: 1000}\n",
			i, s.self, jobRole, s.truth("j", i).path)
	}
	fmt.Fprintf(&b, "  %s:\n    exec: [%q, %s, %q]\n    cron: {expression: \"0 0 0 1 1 *\", history: 1000}\n",
		called, s.self, jobRole, s.truth("t", 0).path)
	s.still(&b, roller, "r", fmt.Sprintf("    env: {vars: {GENERATION: \"%d\"}}\n    deployment: {strategy: rolling, grace_period: 50ms}\n", generation))
	s.still(&b, boss, "m", "    spawn: {mode: dynamic}\n")
	s.still(&b, switched, "s", "")
	s.still(&b, "p0", "p", fmt.Sprintf("    health_check: {url: %q, interval: 200ms, liveness: restart}\n", s.url()+wellPath))
	s.still(&b, "p1", "q", fmt.Sprintf("    health_check: {command: \"'%s' %s '%s'\", interval: 300ms, liveness: restart}\n",
		s.self, probeRole, s.truth("probe", 0).path))
	// Somebody may read it meanwhile.
	path := filepath.Join(s.dir, "systemg.yaml")
	if err := os.WriteFile(path+".new", []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// still adds a service that works until it is told to end.
func (s *system) still(b *strings.Builder, name, notes, keys string) {
	fmt.Fprintf(b, "  %s:\n    exec: [%q, %s, %q]\n    restart_policy: always\n%s", name, s.self, rollerRole, s.truth(notes, 0).path, keys)
}

// hooks are those of a crasher: a command each, and webhooks for all that happens
// to it.
func (s *system) hooks(i int) string {
	command := fmt.Sprintf("command: \"'%s' %s '%s'\"", s.self, hookRole, s.truth("h", i).path)
	if !tells(i) {
		return "      on_start: {success: {" + command + "}}\n"
	}
	call := fmt.Sprintf("webhook: {url: %q}", s.url()+toldPath)
	return fmt.Sprintf("      on_start: {success: {%s, %s}, error: {%s}}\n      on_stop: {success: {%s}, error: {%s}}\n", command, call, call, call, call)
}

// url is where the receiver listens.
func (s *system) url() string {
	if s.receiver == nil {
		return "http://127.0.0.1:9"
	}
	return s.receiver.url
}
