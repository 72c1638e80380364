//go:build !linux

package stage

// Main does nothing: no process 1 is ever started here.
func Main() {}
