package control

import (
	"context"
	"errors"
	"os"

	"systemg/ipc"
	"systemg/supervisor/failpoint"
)

// errHandedOver is why a supervisor ends that leaves everything to another
// program.
var errHandedOver = errors.New("handed over to another program")

// upgrade gives the guardian another program, and ends. The program was checked
// by whoever asks; what does not come up is rolled back by the guardian.
func (s *server) upgrade(_ context.Context, r *ipc.Request) (any, error) {
	var p ipc.UpgradeParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	if s.link.Guardian() == 0 {
		e := ipc.Errorf(ipc.CodeRefused, "this supervisor has no guardian, which would start the new program")
		e.Try = "stop it, and start it with sysg start -d"
		return nil, e
	}
	f, err := os.Open(p.Path)
	if err != nil {
		return nil, ipc.Errorf(ipc.CodeFailed, "cannot open the program: %v", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return nil, ipc.Errorf(ipc.CodeRefused, "%s is no program", p.Path)
	}
	s.note(r, "upgrade to "+p.Path)
	if err := s.link.Upgrade(f, p.Path); err != nil {
		return nil, ipc.Errorf(ipc.CodeFailed, "cannot hand the program to the guardian: %v", err)
	}
	failpoint.Here(failpoint.HandedOver)
	s.leave()
	return ipc.UpgradeResult{OK: true, Guardian: s.link.Guardian()}, nil
}

// upgraded is the attempt by which this supervisor came to be, nil for none.
func (s *server) upgraded() *ipc.Upgrade {
	if s.link == nil || s.link.Welcome.Upgrade == nil {
		return nil
	}
	u := ipc.Upgrade(*s.link.Welcome.Upgrade)
	return &u
}
