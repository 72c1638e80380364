package control

import (
	"context"
	"strings"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/store"
)

// purge forgets what does not live.
func (s *server) purge(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.PurgeParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	s.note(r, describe("purge", ipc.Selection{Project: p.Project}))
	if p.Force {
		if err := s.stopFor(ctx, r, p.Project); err != nil {
			return nil, err
		}
	}
	forgotten, alive, err := s.sup.Purge(ctx, p.Project)
	if err != nil {
		return nil, err
	}
	if len(alive) > 0 {
		e := ipc.Errorf(ipc.CodeRefused, "cannot purge while units run: %s", strings.Join(head(alive), ", "))
		e.Try = "stop them first, or add --force"
		return nil, e
	}
	s.forgetUnits(forgotten)
	s.forgetHints()
	return ipc.PurgeResult{Units: forgotten}, nil
}

// forgetUnits forgets what is kept of units beside the supervisor: their figures
// and how their hooks did.
func (s *server) forgetUnits(ids []string) {
	for _, id := range ids {
		s.sampler.Forget(id)
		s.told.forget(id)
	}
}

// forgetHints forgets the manifests of projects that are no more.
func (s *server) forgetHints() {
	left := s.sup.Snapshot().Projects
	s.changeHint(func(h store.Hint) store.Hint {
		for id := range h.Manifests {
			if _, ok := left[id]; !ok {
				h = h.Without(id)
			}
		}
		return h
	})
}

func (s *server) stopFor(ctx context.Context, r *ipc.Request, project string) error {
	b, err := s.sup.Stop(ctx, supervisor.Selection{Project: project}, false, "purged")
	if err != nil {
		return err
	}
	_, err = s.await(ctx, r, b, supervisor.StartPatience, 0)
	return err
}
