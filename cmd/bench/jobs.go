package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// jobs measures many cron jobs that are due in the same second: when the last
// of them has started, and how long the supervisor's loop was busy at a time
// meanwhile.
func (b *bench) jobs() ([]row, error) {
	due := time.Now().Add(8 * time.Second).UTC().Truncate(time.Second)
	var manifest strings.Builder
	manifest.WriteString("version: 1\nservices:\n")
	for i := range b.units {
		fmt.Fprintf(&manifest, "  j%d: {exec: [sleep, \"100000\"], cron: {expression: %q, timezone: UTC}}\n", i, due.Format("5 4 15 2 1 *"))
	}
	s, err := b.system(manifest.String())
	if err != nil {
		return nil, err
	}
	if _, err := s.do("start", "-d"); err != nil {
		return nil, err
	}
	defer s.stop()
	before, err := s.slowSteps()
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Until(due.Add(4 * time.Second)))
	last, err := s.lastStart()
	if err != nil {
		return nil, err
	}
	slow, err := s.slowSteps()
	if err != nil {
		return nil, err
	}
	longest := "under 50 ms"
	if more := slow[len(before):]; len(more) > 0 {
		longest = strings.Join(more, ", ")
	}
	return []row{
		{fmt.Sprintf("%d cron jobs due in one second: the last has started", b.units), ms(last.Sub(due)), "", "", "≤ 2 s"},
		{"the longest step of the loop meanwhile", longest, "", "", "< 50 ms"},
	}, nil
}

// lastStart is when the newest of the runs was started; an error where a unit
// does not run.
func (s *system) lastStart() (time.Time, error) {
	out, err := s.command("status", "--json").Output()
	if err != nil {
		return time.Time{}, err
	}
	var status struct {
		Units []struct {
			State     string    `json:"state"`
			StartedAt time.Time `json:"started_at"`
		} `json:"units"`
	}
	if err := json.Unmarshal(out, &status); err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, u := range status.Units {
		if u.State != "running" {
			return last, fmt.Errorf("a job is %s", u.State)
		}
		if u.StartedAt.After(last) {
			last = u.StartedAt
		}
	}
	return last, nil
}

// slowSteps are the steps of the loop that the supervisor found slow.
func (s *system) slowSteps() ([]string, error) {
	log, err := os.ReadFile(filepath.Join(s.dir, "state", "logs", "supervisor.log"))
	var list []string
	for _, m := range regexp.MustCompile(`loop was slow" took=(\S+)`).FindAllStringSubmatch(string(log), -1) {
		list = append(list, m[1])
	}
	return list, err
}
