package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// impostor is a program that says what version it is, and then does nothing that
// a supervisor would, each in its own way.
const impostor = `package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	self, _ := os.Executable()
	real := filepath.Join(filepath.Dir(self), "sysg")
	if len(os.Args) > 1 && os.Args[1] == "version" {
		panic(syscall.Exec(real, os.Args, os.Environ()))
	}
	switch filepath.Base(self) {
	case "quits":
		os.Exit(7)
	case "frozen":
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	var never chan int
	if filepath.Base(self) == "deaf" {
		signal.Notify(make(chan os.Signal, 1))
	}
	<-never
}
`

// Whatever a new program does instead of coming up, the old one is back in bounded
// time, and the units know nothing of it; a command that was under way waits for
// that and ends as it should.
func TestAProgramThatDoesNotComeUpIsRolledBack(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{
		"quits": "it ended before it was ready: exit 7", "deaf": "it was not ready after 15s", "frozen": "it was not ready after 15s",
	} {
		t.Run(name, func(t *testing.T) {
			if name != "quits" {
				long(t, "17 s")
			}
			t.Parallel()
			h := newHouse(t, "")
			h.write("impostor.go", impostor)
			if out, err := exec.Command("go", "build", "-o", h.path(name), h.path("impostor.go")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			h.write("sysg.yaml", h.counters()+"  slow: {command: \"trap 'sleep 1; exit 0' TERM; while :; do sleep 0.05; done\", restart_policy: always}\n")
			h.start()
			web, db := h.unit("web").PID, h.unit("db").PID
			events := h.journal()
			restart := h.command(h.path("sysg"), "restart", "slow")
			if err := restart.Start(); err != nil {
				t.Fatal(err)
			}
			events.until(`"reason":"restart`)
			out, code := h.try("upgrade", h.path(name))
			if code != 1 || !strings.Contains(out, why) || !strings.Contains(out, "is back, and the units run on") {
				t.Errorf("exit %d\n%s", code, out)
			}
			if err := restart.Wait(); err != nil {
				t.Errorf("the restart: %v", err)
			}
			if a, b := h.unit("web").PID, h.unit("db").PID; a != web || b != db {
				t.Errorf("they were %d and %d, and are %d and %d", web, db, a, b)
			}
			if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", h.status().Supervisor.PID)); err != nil || !strings.HasSuffix(exe, "/sysg") {
				t.Errorf("the supervisor is %s: %v", exe, err)
			}
			h.run("stop", "web")
			if first := h.counted("web"); first != 1 {
				t.Errorf("the log begins with line %d", first)
			}
		})
	}
}
