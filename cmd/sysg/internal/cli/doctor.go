package cli

import (
	"fmt"
	"os"
	"strings"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
)

// doctorCmd says what can be enforced.
type doctorCmd struct{}

// Help is shown below the flags.
func (*doctorCmd) Help() string {
	return `For every key of a manifest that asks something of the kernel it says whether
this kernel lets this user carry it out, which it finds out by trying. A unit
that asks for what is not possible refuses to start; nothing is ever left out.`
}

// Run examines; it asks no supervisor.
func (*doctorCmd) Run(a *app) error {
	facts := privilege.Here(a.DropPrivileges)
	d := ipc.Doctor{Kernel: kernelRelease(), User: first(facts.Name, fmt.Sprint(facts.UID)), Mode: "user"}
	if facts.Root() {
		d.Mode = "root"
	}
	var controllers map[string]string
	d.Containment, d.Missing, controllers = proc.Survey()
	if err := proc.TellsOfForks(); err != nil {
		d.Untold = err.Error()
	}
	for _, f := range privilege.Examine(facts, privilege.Try(facts)) {
		d.Findings = append(d.Findings, ipc.Finding{Key: f.Key, Can: f.Can, Text: f.Text})
	}
	for _, c := range []struct{ name, keys string }{
		{"memory", "memory_max, memory_high"}, {"cpu", "cpu_max, cpu_weight"}, {"pids", "pids_max"}, {"io", "io_weight"},
	} {
		f := ipc.Finding{Key: "limits.cgroup: " + c.keys, Can: controllers[c.name] == "", Text: "the controller " + c.name + " can be given to units"}
		if !f.Can {
			f.Text = controllers[c.name]
		}
		d.Findings = append(d.Findings, f)
	}
	if a.JSON {
		return a.printJSON(d)
	}
	return view.Doctor(a.Stdout, d, a.style())
}

// kernelRelease is what uname -r says, empty where it cannot be read.
func kernelRelease() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
