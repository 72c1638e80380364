//go:build !linux

package privilege

import "os"

// Here are the facts of this process and this machine.
func Here(dropPrivileges bool) Facts {
	return Facts{UID: os.Geteuid(), GID: os.Getegid(), DropPrivileges: dropPrivileges}
}
