package ipc

// Doctor is what a machine and a user can enforce: the answer of sysg doctor,
// which no supervisor is asked for.
type Doctor struct {
	// Kernel is its release, User who asked, Mode "root" or "user".
	Kernel string `json:"kernel"`
	User   string `json:"user"`
	Mode   string `json:"mode"`
	// Containment is how process trees would be held: "cgroup" or "marker";
	// Missing says what a stronger hold would take.
	Containment string `json:"containment"`
	Missing     string `json:"missing,omitempty"`
	// Untold is why the kernel does not tell of forks, by which a process is
	// known that takes off all that says whose it is.
	Untold string `json:"untold,omitempty"`
	// Findings are in the order of the manifest's keys.
	Findings []Finding `json:"findings"`
}

// Finding is one key of a manifest and whether it can be enforced here.
type Finding struct {
	Key string `json:"key"`
	Can bool   `json:"can"`
	// Text says how, or why not.
	Text string `json:"text"`
}
