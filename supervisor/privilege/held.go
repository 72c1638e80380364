package privilege

// Holding is one thing a unit is held to: as it was asked, and as the kernel
// has it now.
type Holding struct {
	// Key is the manifest's: "limits.nice".
	Key, Asked, InForce string
	// OK is whether they agree.
	OK bool
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
