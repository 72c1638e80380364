package privilege_test

import (
	"os"
	"strings"
	"testing"

	"systemg/config"
)

// Limits are in force, soft and hard, and everything that was not asked for is
// as it was.
func TestLimitsAreInForce(t *testing.T) {
	r := newRoom(t)
	plain := r.must(config.Privileges{})
	nice, oom := 7, 300
	s := r.must(config.Privileges{
		Limits: map[string]config.Limit{
			"nofile": {Value: 512}, "nproc": {Value: 4000}, "memlock": {Value: 64 << 10}, "core": {Value: 0}, "stack": {Value: 4 << 20},
		},
		Nice: &nice, OOMScoreAdj: &oom, CPUAffinity: []int{0},
	})
	for name, want := range map[string]string{
		"Max open files": "512 512", "Max processes": "4000 4000", "Max locked memory": "65536 65536",
		"Max core file size": "0 0", "Max stack size": "4194304 4194304", "Max address space": plain.Limits["Max address space"],
	} {
		if s.Limits[name] != want {
			t.Errorf("%s is %q, want %q", name, s.Limits[name], want)
		}
	}
	if s.Nice != 7 || s.OOM != "300" || s.Status["Cpus_allowed_list"] != "0" {
		t.Errorf("nice %d, oom_score_adj %s, cpus %s", s.Nice, s.OOM, s.Status["Cpus_allowed_list"])
	}
	again := r.must(config.Privileges{})
	if again.Nice != plain.Nice || again.OOM != plain.OOM || again.Limits["Max open files"] != plain.Limits["Max open files"] {
		t.Errorf("the next service has nice %d, oom_score_adj %s, %s files", again.Nice, again.OOM, again.Limits["Max open files"])
	}
}

// A limit the kernel refuses stops the start, with the limit's name.
func TestALimitThatCannotBeSetStopsTheStart(t *testing.T) {
	if strings.Contains(read("/proc/self/status"), "CapEff:\t000001ffffffffff") {
		t.Skip("this root may raise hard limits")
	}
	r := newRoom(t)
	_, err := r.start(config.Privileges{Limits: map[string]config.Limit{"memlock": {Unlimited: true}}})
	const want = "set limit memlock to unlimited: operation not permitted (raising a hard limit takes CAP_SYS_RESOURCE)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Signals are blocked while a process is made, and not after.
func TestNoSignalIsBlocked(t *testing.T) {
	r := newRoom(t)
	nice := 1
	for _, p := range []config.Privileges{{}, {Nice: &nice}} {
		if s := r.must(p); s.Status["SigBlk"] != "0000000000000000" || s.Descriptor["0"] != os.DevNull {
			t.Errorf("blocked signals %s, stdin %s", s.Status["SigBlk"], s.Descriptor["0"])
		}
	}
}
