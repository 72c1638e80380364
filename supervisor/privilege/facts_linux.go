package privilege

import (
	"os"
	"strconv"

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
		AppArmor: exists("/sys/kernel/security/apparmor") || exists("/proc/self/attr/apparmor"),
		SELinux:  exists("/sys/fs/selinux/enforce"),
	}
	if a, err := f.accounts().User(strconv.Itoa(f.UID)); err == nil {
		f.Name = a.Name
	}
	return f
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
