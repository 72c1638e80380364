package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/privilege"
	"systemg/supervisor/privilege/stage"
)

// asked is a unit that asks something of the kernel, and what its start may
// cost beside one that asks nothing.
type asked struct {
	what    string
	p       config.Privileges
	promise string
}

// isolated is a unit with these keys of isolation.
func isolated(keys ...string) config.Privileges {
	p := config.Privileges{Isolation: map[string]string{}}
	for _, k := range keys {
		p.Isolation[k] = "true"
	}
	return p
}

func askers() []asked {
	nice := 5
	seccomp := config.Privileges{Isolation: map[string]string{"seccomp": config.SeccompDefault}}
	return []asked{
		{"nice", config.Privileges{Nice: &nice}, "≤ 1.4"},
		{"no_new_privs", isolated("no_new_privs"), "≤ 1.4"},
		{"landlock", config.Privileges{Landlock: &config.Landlock{ReadOnly: []string{"/"}, ReadWrite: []string{"/tmp"}}}, "≤ 1.4"},
		{"seccomp", seccomp, "≤ 1.4"},
		{"capabilities (root)", config.Privileges{Capabilities: []string{"CAP_NET_BIND_SERVICE"}}, "≤ 1.4"},
		{"user (root)", config.Privileges{User: "nobody"}, ""},
		{"limits", config.Privileges{Limits: map[string]config.Limit{"nofile": {Value: 1000}}}, "≤ 6"},
		{"private_tmp", isolated("private_tmp"), "≤ 6"},
		{"private_tmp, private_devices, read_only", isolated("private_tmp", "private_devices", "read_only"), "≤ 6"},
		{"network", isolated("network"), ""},
		{"pid, with its process 1", isolated("pid"), ""},
	}
}

// starts measures what a start costs that asks something of the kernel, from the
// fork until the process has ended, beside os.StartProcess; both of /bin/true,
// in turn.
func (b *bench) starts() ([]row, error) {
	facts := privilege.Here(false)
	var rows []row
	for _, a := range askers() {
		plan, err := privilege.Of(&a.p, facts)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: a start with %s is left out: %v\n", a.what, err)
			continue
		}
		direct, staged, err := b.inTurn(plan)
		if err != nil {
			return nil, fmt.Errorf("a start with %s: %w", a.what, err)
		}
		rows = append(rows, row{"a start with " + a.what + " against os.StartProcess of /bin/true", ms(staged), ms(direct), ratio(staged, direct), a.promise})
	}
	return rows, nil
}

// inTurn gives the medians of both ways.
func (b *bench) inTurn(plan privilege.Plan) (direct, staged time.Duration, err error) {
	const rounds = 201
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, 0, err
	}
	defer null.Close()
	fd := int(null.Fd())
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The thread ends with the goroutine.
		runtime.LockOSThread()
		var plain, orders []time.Duration
		for range rounds {
			began := time.Now()
			var p *os.Process
			if p, err = os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{Files: []*os.File{null, null, null}}); err != nil {
				return
			}
			if _, err = p.Wait(); err != nil {
				return
			}
			plain = append(plain, time.Since(began))
			began = time.Now()
			var pid int
			pid, err = stage.Fork(stage.Child{
				Path: "/bin/true", Argv: []string{"true"}, Env: os.Environ(), Dir: "/", Files: []int{fd, fd, fd}, Cgroup: -1,
				Reaper: plan.Reaper, Orders: *plan.Orders,
			})
			if err != nil {
				return
			}
			var ws unix.WaitStatus
			if _, err = unix.Wait4(pid, &ws, 0, nil); err == nil && ws.ExitStatus() != 0 {
				err = fmt.Errorf("it ended with %s", strconv.Itoa(ws.ExitStatus()))
			}
			if err != nil {
				return
			}
			orders = append(orders, time.Since(began))
		}
		direct, staged = middle(plain), middle(orders)
	}()
	<-done
	return direct, staged, err
}
