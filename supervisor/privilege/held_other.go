//go:build !linux

package privilege

import "systemg/config"

// Held reads nothing: nothing is enforced here.
func Held(int, string, *config.Privileges, Facts) []Holding { return nil }

// Service is the main process.
func Service(main int, _ *config.Privileges) int { return main }
