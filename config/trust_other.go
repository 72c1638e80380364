//go:build !linux

package config

import "os"

// trusted trusts: --sys runs on Linux.
func trusted(*os.File) error { return nil }
