//go:build !linux

package proc

// DropProgram does nothing where there is no supervisor.
func DropProgram() {}
