//go:build linux && (amd64 || arm64)

package seccomp

import "syscall"

// call makes a system call without arguments.
func call(number int) int {
	r, _, _ := syscall.RawSyscall(uintptr(number), 0, 0, 0)
	return int(r)
}
