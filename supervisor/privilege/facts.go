package privilege

// Facts are what decisions depend on beside the definition.
type Facts struct {
	// UID and GID are the supervisor's, effective ones.
	UID, GID int
	// Name is the supervisor's user's, empty where the user has none.
	Name string
	// System is --sys: root reads only what nobody else can write.
	System bool
	// DropPrivileges has units without a user of their own run as nobody.
	DropPrivileges bool
	// Accounts are the machine's users and groups; nil means its files.
	Accounts Accounts
	// Capabilities are those the supervisor has, LastCapability is the
	// highest number this kernel knows.
	Capabilities   Set
	LastCapability int
	// Landlock is the kernel's version of it, 0 for none.
	Landlock int
	// AppArmor and SELinux are whether the kernel has them in force.
	AppArmor, SELinux bool
}

// Root is whether the supervisor is root.
func (f Facts) Root() bool { return f.UID == 0 }

// GroupNumber is the number of a group.
func (f Facts) GroupNumber(name string) (int, error) { return f.accounts().Group(name) }

func (f Facts) accounts() Accounts {
	if f.Accounts == nil {
		return Files{Users: "/etc/passwd", Groups: "/etc/group"}
	}
	return f.Accounts
}

// Refusal says why a unit is not started.
type Refusal struct {
	// Key is the key that cannot be enforced: "limits.nice".
	Key  string
	Text string
}

func (r *Refusal) Error() string { return r.Key + ": " + r.Text }
