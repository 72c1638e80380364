package supervisor

import "context"

// Leash is the process with which an ad-hoc unit ends; the zero value is none.
type Leash struct {
	PID int
	// Ticks is when it started, in clock ticks since boot.
	Ticks uint64
}

// SetLeash remembers a unit's leash, so that a later supervisor watches the
// process too. Whoever calls it watches it now.
func (s *Supervisor) SetLeash(ctx context.Context, id string, leash Leash) error {
	_, err := ask(ctx, s, func(l *loop) (struct{}, error) {
		if e, ok := l.entries[id]; ok {
			e.leash = leash
			l.touch(e)
		}
		return struct{}{}, nil
	})
	return err
}
