//go:build !linux

package cli

import "context"

// awaitEnd has nothing to wait for: no supervisor runs on this system.
func awaitEnd(context.Context, int) {}
