package privilege

import (
	"path/filepath"
	"strconv"
	"strings"

	"systemg/config"
	"systemg/supervisor/privilege/stage"
)

// cgroupFiles are the keys of limits.cgroup, in the order in which they are
// written, and the kernel's files (Control Group v2, admin guide of the
// kernel).
var cgroupFiles = []struct{ key, controller, file string }{
	{"memory_high", "memory", "memory.high"},
	{"memory_max", "memory", "memory.max"},
	{"cpu_max", "cpu", "cpu.max"},
	{"cpu_weight", "cpu", "cpu.weight"},
	{"pids_max", "pids", "pids.max"},
	{"io_weight", "io", "io.weight"},
}

// cgroup is what the unit's cgroup is held to.
func cgroup(p *config.Privileges) stage.Cgroup {
	c := stage.Cgroup{Root: p.Cgroup["root"]}
	for _, f := range cgroupFiles {
		if value, ok := p.Cgroup[f.key]; ok {
			c.Files = append(c.Files, stage.CgroupFile{Key: "limits.cgroup." + f.key, Controller: f.controller, File: f.file, Value: value})
		}
	}
	return c
}

// sameCgroupValue is whether the kernel's text says what was written: cpu.max
// has a period of its own where none was given, io.weight a word before it.
func sameCgroupValue(file, asked, now string) bool {
	switch {
	case asked == now:
		return true
	case file == "cpu.max":
		return !strings.Contains(asked, " ") && strings.HasPrefix(now, asked+" ")
	case file == "io.weight":
		return strings.HasPrefix(now, "default "+asked)
	}
	return false
}

// heldByCgroup is what a cgroup's files have. Sizes are rounded to pages by the
// kernel.
func heldByCgroup(folder string, c stage.Cgroup, read func(path string) string) []Holding {
	var list []Holding
	if c.Root != "" {
		ok := strings.Contains(folder, filepath.Join("/", c.Root)+"/sysg-") || strings.HasPrefix(folder, filepath.Clean(c.Root)+"/sysg-")
		list = append(list, Holding{Key: "limits.cgroup.root", Asked: c.Root, InForce: orNone(folder), OK: ok})
	}
	for _, f := range c.Files {
		now := strings.TrimSpace(read(filepath.Join(folder, f.File)))
		h := Holding{Key: f.Key, Asked: f.Value, InForce: now, OK: sameCgroupValue(f.File, f.Value, now)}
		if f.Controller == "memory" && !h.OK {
			h.OK = rounded(f.Value, now)
		}
		if now == "" {
			h.InForce = "cannot be read"
		}
		list = append(list, h)
	}
	return list
}

// pageSize is what the kernel rounds sizes down to; 64 KiB are the largest pages
// of any machine.
const pageSize = 64 << 10

// rounded is whether a size is the one that was asked for, rounded to a page.
func rounded(asked, now string) bool {
	a, errA := strconv.ParseUint(asked, 10, 64)
	n, errN := strconv.ParseUint(now, 10, 64)
	return errA == nil && errN == nil && n <= a && a-n < pageSize
}
