//go:build !linux || !(amd64 || arm64)

package seccomp

// On other machines no filter can be made.
var calls = [...]string{}

const auditArch, x32Bit = 0, 0
