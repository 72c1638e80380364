package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"systemg/ipc"
)

// exitsOf are the events of the ends of a unit's runs.
func (h *house) exitsOf(unit string) []ipc.Event {
	h.Helper()
	var list []ipc.Event
	for line := range strings.Lines(h.run("events", unit, "-n", "0", "--json")) {
		var e ipc.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			h.Fatal(err)
		}
		if e.Type == "exit" {
			list = append(list, e)
		}
	}
	return list
}

// A process that ends while nobody watches has its event in the journal, once, with
// how it ended where anybody knows, and `why` tells of it.
func TestEndsThatNobodyWatchedAreTold(t *testing.T) {
	t.Parallel()
	const manifest = `version: "1"
project: shop
services:
  work: {command: 'while [ ! -e go ]; do sleep 0.02; done; exit 7'}
  other: {command: 'while [ ! -e go ]; do sleep 0.02; done; exit 0'}
`
	for name, c := range map[string]struct {
		die    func(h *house)
		reason string
	}{
		"the supervisor was dead": {func(h *house) {
			s := h.status().Supervisor
			if err := syscall.Kill(s.Guardian, syscall.SIGSTOP); err != nil {
				h.Fatal(err)
			}
			h.kill(s.PID)
			h.letGo()
			if err := syscall.Kill(s.Guardian, syscall.SIGCONT); err != nil {
				h.Fatal(err)
			}
		}, "exit 7, while no supervisor ran"},
		"both were dead": {func(h *house) {
			h.killBoth()
			h.letGo()
			h.start("other")
		}, ""},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, manifest)
			h.start()
			run := h.unit("work").Run
			c.die(h)
			h.until("work has ended", func() bool { return h.unit("work").State == "failed" })
			h.kill(h.status().Supervisor.PID)
			h.until("the next one is there", func() bool { _, code := h.try("status"); return code == 0 || code == 3 })
			list := h.exitsOf("work")
			if len(list) != 1 || list[0].Run != run || list[0].Exit == nil || !strings.HasPrefix(list[0].Reason, c.reason) {
				t.Errorf("the journal has %+v", list)
			}
			// Without the guardian it is the kernel's to tell, as long as nobody has
			// reaped the process, and unknown after that.
			if out, _ := h.try("why", "work"); len(list) == 1 && !strings.Contains(out, list[0].Exit.Text) {
				t.Errorf("why says\n%s", out)
			}
		})
	}
}

// letGo has the units end, and returns when their processes have.
func (h *house) letGo() {
	h.Helper()
	var pids []int
	for _, unit := range []string{"work", "other"} {
		out, _ := h.try("status", unit, "--json")
		var r ipc.StatusResult
		if json.Unmarshal([]byte(out), &r) == nil && len(r.Units) == 1 {
			pids = append(pids, r.Units[0].PID)
		}
	}
	h.write("go", "")
	h.until("the processes have ended", func() bool {
		for _, pid := range pids {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if pid != 0 && err == nil && !strings.Contains(string(text), ") Z ") {
				return false
			}
		}
		return true
	})
}
