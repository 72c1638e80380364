package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"systemg/ipc"
)

// kind is a kind of death.
type kind int

const (
	ofSupervisor kind = iota
	ofGuardian
	ofBoth
	byUpgrade
)

func (k kind) String() string {
	return [...]string{"supervisor killed", "guardian killed", "both killed within 1 ms", "upgraded"}[k]
}

// deaths are how long it took until a supervisor answered again.
type deaths map[kind][]time.Duration

// backTime is when a supervisor that is not back has failed.
const backTime = 20 * time.Second

// kill does all that is planned, in a random order.
func (p plan) kill(s *system) (deaths, error) {
	random := rand.New(rand.NewPCG(p.seed, 0))
	var todo []kind
	for k, n := range map[kind]int{ofSupervisor: p.supervisor, ofGuardian: p.guardian, ofBoth: p.both, byUpgrade: p.upgrades} {
		todo = append(todo, slices.Repeat([]kind{k}, n)...)
	}
	slices.Sort(todo)
	random.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	d := deaths{}
	for _, k := range todo {
		time.Sleep(time.Duration(random.Int64N(int64(p.pause))))
		took, err := s.die(k, time.Duration(random.Int64N(int64(time.Millisecond))))
		if err != nil {
			return d, fmt.Errorf("%s, the %dth time: %w", k, len(d[k])+1, err)
		}
		d[k] = append(d[k], took)
	}
	return d, nil
}

// die does one, and gives the time until a supervisor answers again.
func (s *system) die(k kind, gap time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), backTime)
	defer cancel()
	before, err := s.answers(ctx, func(ipc.HelloResult) bool { return true })
	if err != nil {
		return 0, err
	}
	if before.Guardian == 0 {
		return 0, errors.New("there is no guardian")
	}
	began := time.Now()
	switch k {
	case ofSupervisor:
		err = syscall.Kill(before.PID, syscall.SIGKILL)
	case ofGuardian:
		err = syscall.Kill(before.Guardian, syscall.SIGKILL)
	case ofBoth:
		guardian, supervisor := holdOn(before.Guardian), holdOn(before.PID)
		err = syscall.Kill(before.Guardian, syscall.SIGKILL)
		time.Sleep(gap)
		err = errors.Join(err, syscall.Kill(before.PID, syscall.SIGKILL))
		guardian.ended()
		supervisor.ended()
		if err == nil {
			err = s.again()
		}
	case byUpgrade:
		err = s.upgrade()
	}
	if err != nil {
		return 0, err
	}
	_, err = s.answers(ctx, func(h ipc.HelloResult) bool {
		if k == ofGuardian {
			return h.Guardian == before.PID
		}
		return h.PID != before.PID && h.Guardian != 0
	})
	if k == ofBoth {
		s.nobody = append(s.nobody, span{from: began, to: time.Now(), why: k.String()})
	}
	return time.Since(began), err
}

// again starts a supervisor where there is none.
func (s *system) again() error { return s.do("start", "-d", "w0") }

// answers asks until the answer is as wanted.
func (s *system) answers(ctx context.Context, wanted func(ipc.HelloResult) bool) (ipc.HelloResult, error) {
	for {
		h, err := s.hello(ctx)
		if err == nil && wanted(h) {
			return h, nil
		}
		select {
		case <-ctx.Done():
			return h, fmt.Errorf("no supervisor is back after %s: %+v, %w", backTime, h, err)
		case <-time.After(500 * time.Microsecond):
		}
	}
}

// upgrade goes to a copy of the program with a name of its own.
func (s *system) upgrade() error {
	next := filepath.Join(s.dir, fmt.Sprintf("sysg-%d", time.Now().UnixNano()))
	program, err := os.ReadFile(s.binary)
	if err != nil {
		return err
	}
	if err := os.WriteFile(next, program, 0o700); err != nil {
		return err
	}
	defer os.Remove(next)
	return s.do("upgrade", next)
}

// held is a process that is waited for.
type held int

// holdOn takes hold of a process, so that its number is not another's.
func holdOn(pid int) held {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1
	}
	return held(fd)
}

// ended returns when it has.
func (h held) ended() {
	if h < 0 {
		return
	}
	defer unix.Close(int(h))
	fds := []unix.PollFd{{Fd: int32(h), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func (d deaths) print(out io.Writer) {
	fmt.Fprintln(out, "| what | times | median | p99 | worst |\n|---|---|---|---|---|")
	for k := ofSupervisor; k <= byUpgrade; k++ {
		list := slices.Sorted(slices.Values(d[k]))
		if len(list) == 0 {
			continue
		}
		at := func(q float64) time.Duration {
			return list[min(int(q*float64(len(list))), len(list)-1)].Round(100 * time.Microsecond)
		}
		fmt.Fprintf(out, "| %s | %d | %s | %s | %s |\n", k, len(list), at(0.5), at(0.99), at(1))
	}
}
