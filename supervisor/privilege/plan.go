package privilege

import (
	"strings"

	"systemg/config"
	"systemg/supervisor/privilege/stage"
)

// Plan is what is to be done for a unit.
type Plan struct {
	// Orders are nil where nothing is asked for.
	Orders *stage.Orders
	// Reaper is whether its process stands below a process 1 of its own.
	Reaper bool
	// Cgroup is what is written to the files of its cgroup.
	Cgroup stage.Cgroup
	// Clean is whether the unit does not get the supervisor's environment.
	Clean bool
	// Environ is what is said about the user: HOME, USER, LOGNAME, SHELL,
	// and with Clean a PATH.
	Environ []config.EnvVar
}

// Carry has the notify socket that an environment names stay reachable,
// whatever the plan covers.
func (p *Plan) Carry(env []string) {
	if p.Orders == nil {
		return
	}
	for _, kv := range env {
		if path, ok := strings.CutPrefix(kv, "NOTIFY_SOCKET="); ok && strings.HasPrefix(path, "/") {
			p.Orders.Mounts.Carry = append(p.Orders.Mounts.Carry, path)
		}
	}
}

// Beside has a command that belongs to a unit enter the namespaces of the
// unit's main process, where that lives and has any, instead of getting new
// ones: what it is to look at is there. A PID namespace is not entered.
func (p *Plan) Beside(main int) {
	o := p.Orders
	if o == nil || main <= 0 || o.Namespaces == 0 {
		return
	}
	o.Join, o.JoinNamespaces = main, o.Namespaces&^pidNamespace
	o.Namespaces, o.Mounts, o.Users, o.Groups, o.DenyGroups, p.Reaper = 0, stage.Mounts{}, nil, nil, false, false
}

// pidNamespace is CLONE_NEWPID (linux/sched.h).
const pidNamespace = 0x20000000

// cleanPath is the PATH of an environment that begins empty (the default of
// systemd.exec(5) for the system manager, with /sbin for machines whose /sbin
// is no link).
const cleanPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// nobody is whom units without a user run as with --drop-privileges.
const nobody = "nobody"

// Asks is whether a definition asks for anything of this package.
func Asks(p *config.Privileges) bool {
	return p.User != "" || p.Group != "" || len(p.SupplementaryGroups) > 0 || len(p.Limits) > 0 ||
		p.Nice != nil || len(p.CPUAffinity) > 0 || p.OOMScoreAdj != nil || len(p.Cgroup) > 0 ||
		p.Capabilities != nil || len(p.Isolation) > 0 || p.Landlock != nil
}

// describe is the environment that follows the user.
func describe(a Account, clean bool) []config.EnvVar {
	var list []config.EnvVar
	if clean {
		list = append(list, config.EnvVar{Name: "PATH", Value: cleanPath})
	}
	home, shell := a.Home, a.Shell
	if home == "" {
		home = "/"
	}
	if shell == "" {
		shell = "/bin/sh"
	}
	return append(list,
		config.EnvVar{Name: "HOME", Value: home}, config.EnvVar{Name: "USER", Value: a.Name},
		config.EnvVar{Name: "LOGNAME", Value: a.Name}, config.EnvVar{Name: "SHELL", Value: shell})
}
