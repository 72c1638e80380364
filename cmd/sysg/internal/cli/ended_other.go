//go:build !linux

package cli

import "context"

// keepToOneself has nobody to keep anything from.
func keepToOneself() {}

// awaitEnd has nothing to wait for: no supervisor runs on this system.
func awaitEnd(context.Context, int) {}
