package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// capabilities are the kernel's names (capabilities(7), Linux 6.18).
var capabilities = strings.Fields(`
	CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_AUDIT_WRITE CAP_BLOCK_SUSPEND CAP_BPF CAP_CHECKPOINT_RESTORE CAP_CHOWN
	CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_IPC_LOCK CAP_IPC_OWNER CAP_KILL CAP_LEASE
	CAP_LINUX_IMMUTABLE CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_MKNOD CAP_NET_ADMIN CAP_NET_BIND_SERVICE
	CAP_NET_BROADCAST CAP_NET_RAW CAP_PERFMON CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_ADMIN
	CAP_SYS_BOOT CAP_SYS_CHROOT CAP_SYSLOG CAP_SYS_MODULE CAP_SYS_NICE CAP_SYS_PACCT CAP_SYS_PTRACE CAP_SYS_RAWIO
	CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_WAKE_ALARM`)

// maxCPU is the last CPU a kernel may have (CONFIG_NR_CPUS, Linux 6.18).
const maxCPU = 8191

// SeccompDefault is the name of the built-in profile.
const SeccompDefault = "default"

// paths makes paths absolute.
func (d *decoder) paths(list []string) []string {
	for i := range list {
		list[i] = d.path(list[i])
	}
	return list
}

// privileges reads what the unit asks of the kernel.
func (d *decoder) privileges(o object, u *Unit) {
	p := &u.Privileges
	p.User, p.Group = o.text("user"), o.text("group")
	p.SupplementaryGroups = o.texts("supplementary_groups", false)
	d.limits(o, p)
	if o.has("capabilities") {
		// None at all is another thing than nothing said.
		p.Capabilities = []string{}
	}
	for _, e := range o.entries("capabilities", false) {
		name := e.text
		canonical := strings.ToUpper(name)
		if !strings.HasPrefix(canonical, "CAP_") {
			canonical = "CAP_" + canonical
		}
		if !slices.Contains(capabilities, canonical) {
			hint := "the names are those of capabilities(7)"
			if near := nearest(canonical, capabilities); near != "" {
				hint = fmt.Sprintf("did you mean `%s`?", near)
			}
			d.wrong(e.n, fmt.Sprintf("there is no capability %q", name), hint)
		}
		p.Capabilities = append(p.Capabilities, canonical)
	}
	d.isolation(o, p)
}

func (d *decoder) limits(o object, p *Privileges) {
	if !o.has("limits") {
		return
	}
	l := d.object(o.get("limits"), "limits", limitKeys)
	for _, name := range []string{"nofile", "nproc", "memlock", "core", "stack"} {
		n := l.get(name)
		s, ok := d.text(n, name)
		if !ok {
			continue
		}
		if p.Limits == nil {
			p.Limits = map[string]Limit{}
		}
		if s == "unlimited" || s == "infinity" {
			p.Limits[name] = Limit{Unlimited: true}
			continue
		}
		v, err := ParseSize(s)
		if err != nil {
			d.scalar(n, name, err, `; or it is "unlimited"`)
		}
		p.Limits[name] = Limit{Value: uint64(max(v, 0))}
	}
	if l.has("nice") {
		n := l.integer("nice", 0)
		p.Nice = &n
	}
	if l.has("oom_score_adj") {
		n := l.integer("oom_score_adj", 0)
		p.OOMScoreAdj = &n
	}
	for _, e := range l.entries("cpu_affinity", true) {
		n, err := strconv.Atoi(e.text)
		if err != nil || n < 0 || n > maxCPU {
			d.wrong(e.n, fmt.Sprintf("there is no CPU %q", e.text), "CPUs count from 0")
			continue
		}
		p.CPUAffinity = append(p.CPUAffinity, n)
	}
	c := d.object(l.get("cgroup"), "cgroup", cgroupKeys)
	for _, name := range names(cgroupKeys) {
		if c.has(name) {
			if p.Cgroup == nil {
				p.Cgroup = map[string]string{}
			}
			p.Cgroup[name] = d.cgroupValue(c, name)
		}
	}
}

// cgroupValue reads a value as the kernel's file takes it: sizes are turned
// into bytes.
func (d *decoder) cgroupValue(c object, name string) string {
	s := strings.TrimSpace(c.text(name))
	bad := func(hint string) string {
		d.wrong(c.get(name), fmt.Sprintf("%s cannot be %q", name, s), hint)
		return ""
	}
	switch name {
	case "memory_max", "memory_high":
		if s == "max" {
			return s
		}
		v, err := ParseSize(s)
		if err != nil {
			return bad(`it is a size such as 512M, or "max"`)
		}
		return strconv.FormatInt(v, 10)
	case "cpu_weight", "io_weight":
		if n, err := strconv.Atoi(s); err != nil || n < 1 || n > 10000 {
			return bad("it is a number from 1 to 10000")
		}
	case "pids_max":
		if n, err := strconv.Atoi(s); s != "max" && (err != nil || n < 1) {
			return bad(`it is a number of processes, or "max"`)
		}
	case "cpu_max":
		fields := strings.Fields(s)
		if len(fields) < 1 || len(fields) > 2 {
			return bad(`it is like "200000 100000": microseconds of CPU in a period`)
		}
		for i, f := range fields {
			if n, err := strconv.Atoi(f); (i != 0 || f != "max") && (err != nil || n < 1000) {
				return bad(`it is like "200000 100000": microseconds of CPU in a period`)
			}
		}
	}
	return s
}

func (d *decoder) isolation(o object, p *Privileges) {
	if !o.has("isolation") {
		return
	}
	i := d.object(o.get("isolation"), "isolation", isolationKeys)
	p.Isolation = map[string]string{}
	for _, k := range isolationKeys {
		switch k.shape {
		case shapeBool:
			switch {
			case i.boolean(k.name, false):
				p.Isolation[k.name] = "true"
			case k.name == "no_new_privs" && i.has(k.name):
				// To refuse it is another thing than to say nothing.
				p.Isolation[k.name] = "false"
			}
		case shapeText:
			if i.has(k.name) {
				p.Isolation[k.name] = i.text(k.name)
			}
		}
	}
	if profile := p.Isolation["seccomp"]; profile != "" && profile != SeccompDefault {
		p.Isolation["seccomp"] = d.path(profile)
	}
	if i.has("landlock") {
		l := d.object(i.get("landlock"), "landlock", landlockKeys)
		p.Landlock = &Landlock{ReadOnly: d.paths(l.texts("ro", true)), ReadWrite: d.paths(l.texts("rw", true))}
	}
}
