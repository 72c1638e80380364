//go:build !linux

package control

// dropProgram does nothing where there is no supervisor.
func dropProgram() {}
