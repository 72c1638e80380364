package privilege

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// RestraintsOn are those a process has now (proc(5), status).
func RestraintsOn(pid int, f Facts) (Restraints, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	text, err := os.ReadFile(dir + "/status")
	if err != nil {
		return Restraints{}, fmt.Errorf("cannot tell what process %d is kept from: %w", pid, err)
	}
	var r Restraints
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch name {
		case "NoNewPrivs":
			r.NoNewPrivs = value == "1"
		case "Seccomp":
			r.Filtered = value != "0"
		case "CapBnd":
			bound, err := strconv.ParseUint(value, 16, 64)
			if err != nil {
				return Restraints{}, fmt.Errorf("cannot tell the capabilities of process %d: %w", pid, err)
			}
			r.Lost = all(f.LastCapability) &^ Set(bound)
		}
	}
	// Of who cannot be looked at it is not known to be this one.
	own, errOwn := os.Readlink("/proc/self/ns/user")
	its, err := os.Readlink(dir + "/ns/user")
	r.Apart = err != nil || errOwn != nil || its != own
	return r, nil
}
