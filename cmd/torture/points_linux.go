package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"systemg/ipc"
	"systemg/supervisor/failpoint"
)

// reachTime is how long it may take until somebody comes to a point, provocations
// how often that is tried.
const (
	reachTime    = 2 * time.Second
	provocations = 10
)

// loneTime is how long both may be dead before a command starts one.
const loneTime = 2 * time.Second

// armed is the folder in which a file arms a failpoint.
func (p plan) armed() string { return filepath.Join(p.dir, "failpoints") }

// dieAtPoints has somebody die at each failpoint, so many times, in a random
// order.
func (s *system) dieAtPoints(out io.Writer) error {
	random := rand.New(rand.NewPCG(s.seed, 1))
	var todo []failpoint.Point
	for _, p := range failpoint.Points {
		todo = append(todo, slices.Repeat([]failpoint.Point{p}, s.points)...)
	}
	random.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	for _, p := range todo {
		time.Sleep(time.Duration(random.Int64N(int64(s.pause))))
		if err := s.dieAt(p); err != nil {
			return fmt.Errorf("at the point %q: %w", p, err)
		}
	}
	if len(todo) > 0 {
		fmt.Fprintf(out, "%d deaths at %d failpoints\n", len(todo), len(failpoint.Points))
	}
	return nil
}

// dieAt has somebody die at one, and returns when all is well again.
func (s *system) dieAt(p failpoint.Point) error {
	ctx, cancel := context.WithTimeout(context.Background(), backTime+provocations*reachTime)
	defer cancel()
	before, err := s.answers(ctx, func(h ipc.HelloResult) bool { return h.Guardian != 0 })
	if err != nil {
		return err
	}
	file := filepath.Join(s.armed(), string(p))
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	those, err := s.reach(ctx, p, file)
	if err != nil {
		return err
	}
	well := func(h ipc.HelloResult) bool {
		return h.Guardian != 0 && (h.PID != before.PID || h.Guardian != before.Guardian)
	}
	alone, stop := context.WithTimeout(ctx, loneTime)
	defer stop()
	if _, err := s.answers(alone, well); err != nil {
		if err := s.again(); err != nil {
			return err
		}
		if _, err := s.answers(ctx, well); err != nil {
			return err
		}
	}
	if from, ok := those.both(); ok {
		s.nobody = append(s.nobody, span{from: from, to: time.Now(), why: string(p)})
	}
	return nil
}

// provoke does what leads to a point to which nobody comes by the services
// alone. It may fail, for somebody dies of it.
func (s *system) provoke(p failpoint.Point, now ipc.HelloResult) {
	switch p {
	case failpoint.Restored, failpoint.Ready, failpoint.Launched, failpoint.Reaped:
		_ = syscall.Kill(now.PID, syscall.SIGKILL)
	case failpoint.Becoming:
		_ = syscall.Kill(now.Guardian, syscall.SIGKILL)
	case failpoint.HandedOver:
		_ = s.upgrade()
	case failpoint.Decided, failpoint.Noted, failpoint.Forked, failpoint.Started, failpoint.Ended, failpoint.Recorded,
		failpoint.Written, failpoint.Replaced, failpoint.Moved, failpoint.Paged, failpoint.Booked:
	}
}

// reach leads somebody to a point until the file of it is gone: then somebody has
// died there, of those that it gives or their successors. Not every death of a
// supervisor leaves its guardian a child to reap.
func (s *system) reach(ctx context.Context, p failpoint.Point, file string) (*couple, error) {
	for range provocations {
		now, err := s.answers(ctx, func(h ipc.HelloResult) bool { return h.Guardian != 0 })
		if err != nil {
			return nil, err
		}
		those := watch(now)
		s.provoke(p, now)
		for end := time.Now().Add(reachTime); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				return those, nil
			}
		}
	}
	return nil, errors.New("nobody came to it: was the program built with -tags failpoints?")
}
