//go:build linux && !amd64

package stage

import "golang.org/x/sys/unix"

// sharesMemory is whether a child can do with this process's memory: only
// where there is an assembly routine for it.
const sharesMemory = false

// vfork is never asked for memory that is shared.
//
//go:nosplit
//go:norace
func vfork(args, size uintptr) (pid, errno uintptr) {
	r, _, e := unix.RawSyscall(unix.SYS_CLONE3, args, size, 0)
	return r, uintptr(e)
}
