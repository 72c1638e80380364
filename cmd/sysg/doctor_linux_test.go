package main

import (
	"os/exec"
	"strings"
	"testing"

	"systemg/supervisor/proc"
)

// doctor says whether the kernel tells of forks, and what keeps it from it: in a
// namespace of the network it tells nothing.
func TestDoctorSaysWhetherForksAreTold(t *testing.T) {
	h := newHouse(t, "")
	want := "known by every fork, of which the kernel tells"
	if err := proc.TellsOfForks(); err != nil {
		want = "known by what they wear, say and hold: " + err.Error()
	}
	says := func(command *exec.Cmd, want string) {
		out, code := h.output(command)
		if flat := strings.Join(strings.Fields(out), " "); code != 0 || !strings.Contains(flat, "orphans "+want) {
			t.Errorf("doctor: exit %d, and not a word of %q:\n%s", code, want, out)
		}
	}
	says(h.command(h.path("sysg"), "doctor"), want)
	asRoot(t)
	says(h.command("unshare", "--net", h.path("sysg"), "doctor"), "known by what they wear, say and hold: ")
}
