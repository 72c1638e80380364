package control

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/proc"
)

// adhocProject is the project of units that came from a command line.
const adhocProject = "adhoc"

func (s *server) beginAdhoc(ctx context.Context, r *ipc.Request, p ipc.StartParams) (b supervisor.Baseline, err error) {
	def, err := s.adhocUnit(p)
	if err != nil {
		return b, err
	}
	s.note(r, "start -- "+strings.Join(def.Exec, " "))
	ttl := time.Duration(p.Adhoc.TTLSecs * float64(time.Second))
	b, err = s.sup.Adhoc(ctx, def, p.Env, ttl)
	if err == nil && p.Adhoc.ParentPID > 0 {
		if err := s.leash(ctx, def.ID(), p.Adhoc.ParentPID); err != nil {
			reason := fmt.Sprintf("its parent process %d does not exist", p.Adhoc.ParentPID)
			_, stopped := s.sup.Stop(ctx, supervisor.Selection{Units: []string{def.ID()}}, true, reason)
			return b, errors.Join(ipc.Errorf(ipc.CodeFailed, "there is no process %d to end with", p.Adhoc.ParentPID), stopped)
		}
	}
	return b, err
}

// adhocUnit is the definition of a command line.
func (s *server) adhocUnit(p ipc.StartParams) (*config.Unit, error) {
	if len(p.Adhoc.Exec) == 0 {
		return nil, ipc.Errorf(ipc.CodeUsage, "there is no command to start")
	}
	project := p.Project
	if project == "" {
		project = adhocProject
	}
	name := p.Adhoc.Name
	if name == "" {
		name = s.freeName(project, filepath.Base(p.Adhoc.Exec[0]))
	}
	if err := config.CheckName(name); err != nil {
		return nil, ipc.Errorf(ipc.CodeUsage, "%s", err.Error())
	}
	def := config.Adhoc(project, name, p.Adhoc.Exec, p.Adhoc.Dir)
	return &def, nil
}

// freeName is the base, or the base with the first number that is not taken.
func (s *server) freeName(project, base string) string {
	snap := s.sup.Snapshot()
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		v, taken := snap.Find(project + "/" + name)
		if !taken || v.Orphaned || (v.Adhoc && !v.Unit.Alive()) {
			return name
		}
	}
}

// leash ends the unit when the process ends. The kernel tells.
func (s *server) leash(ctx context.Context, id string, pid int) error {
	ticks, err := proc.StartedAt(pid)
	if err != nil {
		return err
	}
	if err := s.follow(id, pid); err != nil {
		return err
	}
	return s.sup.SetLeash(ctx, id, supervisor.Leash{PID: pid, Ticks: ticks})
}

func (s *server) follow(id string, pid int) error {
	return s.host.Watch(pid, func() { s.endLeashed(id, pid) })
}
