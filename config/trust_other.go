//go:build !linux

package config

import "os"

// Trusted trusts: --sys runs on Linux.
func Trusted(*os.File) error { return nil }
