package privilege

import (
	"fmt"
	"slices"
	"strings"
)

// capabilityNames are in the order of their numbers (linux/capability.h, Linux
// 6.18).
var capabilityNames = strings.Fields(`
	CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP
	CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK CAP_IPC_OWNER
	CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE
	CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP
	CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF
	CAP_CHECKPOINT_RESTORE`)

// Set is a set of capabilities, one bit each.
type Set uint64

// setOf is the set of these names.
func setOf(names ...string) Set {
	var s Set
	for _, name := range names {
		if n := slices.Index(capabilityNames, name); n >= 0 {
			s |= 1 << n
		}
	}
	return s
}

// all are the capabilities up to a kernel's last one.
func all(last int) Set { return 1<<(last+1) - 1 }

// String names them: "CAP_KILL CAP_CHOWN", "none", or "all" but some.
func (s Set) String() string {
	var list []string
	for n := range 64 {
		if s&(1<<n) == 0 {
			continue
		}
		if n < len(capabilityNames) {
			list = append(list, capabilityNames[n])
		} else {
			list = append(list, fmt.Sprintf("capability %d", n))
		}
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, " ")
}
