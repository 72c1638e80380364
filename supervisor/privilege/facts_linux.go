package privilege

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Here are the facts of this process and this machine.
func Here(dropPrivileges bool) Facts {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		abi = 0
	}
	f := Facts{
		UID: os.Geteuid(), GID: os.Getegid(), DropPrivileges: dropPrivileges,
		Landlock: int(abi),
		// A kernel that has it built in and not in use has its other files too.
		AppArmor: strings.HasPrefix(line("/sys/module/apparmor/parameters/enabled"), "Y"),
		SELinux:  exists("/sys/fs/selinux/enforce"),
	}
	f.Capabilities = Set(statusNumber("CapPrm", 16))
	f.LastCapability = len(capabilityNames) - 1
	if n, err := strconv.Atoi(line("/proc/sys/kernel/cap_last_cap")); err == nil {
		f.LastCapability = n
	}
	if a, err := f.accounts().User(strconv.Itoa(f.UID)); err == nil {
		f.Name = a.Name
	}
	return f
}

// line is a small file of the kernel's, empty where it cannot be read.
func line(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// statusNumber is a field of /proc/self/status, 0 where it cannot be read.
func statusNumber(name string, base int) uint64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(value), base, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
