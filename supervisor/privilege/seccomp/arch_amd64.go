//go:build linux

package seccomp

// auditArch is AUDIT_ARCH_X86_64, x32Bit marks the calls of x32.
const (
	auditArch = 0xc000003e
	x32Bit    = 0x40000000
)
