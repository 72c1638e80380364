package privilege

import (
	"fmt"
	"strings"

	"systemg/config"
)

// Finding is whether a key can be enforced, and how or why not.
type Finding struct {
	Key  string
	Can  bool
	Text string
}

// Examine says what this supervisor could enforce. What cannot be told from the
// facts is tried: try starts a process with these privileges that ends at once.
func Examine(f Facts, try func(*config.Privileges) error) []Finding {
	e := &examination{f: f, try: try}
	e.users()
	e.scheduling()
	e.attempt("limits.oom_score_adj below 0", "lowered to -1", &config.Privileges{OOMScoreAdj: ptr(-1)})
	e.capabilities()
	for _, key := range []string{"network", "mount", "pid", "user", "uts", "ipc", "private_tmp", "private_devices", "read_only", "no_new_privs"} {
		e.attempt("isolation."+key, e.namespaceText(key), &config.Privileges{Isolation: map[string]string{key: "true"}})
	}
	e.landlock()
	e.attempt("isolation.seccomp", "the built-in profile is taken", &config.Privileges{Isolation: map[string]string{"seccomp": config.SeccompDefault}})
	e.add("isolation.apparmor_profile", f.AppArmor, "AppArmor is in force", "this kernel does not have AppArmor in force")
	e.add("isolation.selinux_context", f.SELinux, "SELinux is in force", "this kernel does not have SELinux in force")
	return e.list
}

func ptr(n int) *int { return &n }

type examination struct {
	f    Facts
	try  func(*config.Privileges) error
	list []Finding
}

func (e *examination) add(key string, can bool, yes, no string) {
	text := yes
	if !can {
		text = no
	}
	e.list = append(e.list, Finding{Key: key, Can: can, Text: text})
}

func (e *examination) attempt(key, yes string, p *config.Privileges) {
	err := e.try(p)
	no := ""
	if err != nil {
		no = err.Error()
	}
	e.add(key, err == nil, yes, no)
}

func (e *examination) users() {
	no := fmt.Sprintf("only root can, and this is user %d: units run as that user", e.f.UID)
	lacking := setOf("CAP_SETUID", "CAP_SETGID") &^ e.f.Capabilities
	if e.f.Root() && lacking != 0 {
		no = "it takes " + lacking.String() + ", which this root does not have"
	}
	can := e.f.Root() && lacking == 0
	e.add("user", can, "any user of this machine", no)
	e.add("group, supplementary_groups", can, "any group of this machine", no)
}

func (e *examination) scheduling() {
	e.add("limits", true, "limits can be lowered, nice and oom_score_adj raised, CPUs chosen", "")
	raise := e.f.Capabilities&setOf("CAP_SYS_RESOURCE") != 0
	e.add("limits above the hard limit", raise, "CAP_SYS_RESOURCE is there", "it takes CAP_SYS_RESOURCE")
	e.attempt("limits.nice below 0", "lowered to -1", &config.Privileges{Nice: ptr(-1)})
}

func (e *examination) capabilities() {
	if !e.f.Root() {
		e.add("capabilities", false, "", "only root can give them")
		return
	}
	lacking := all(e.f.LastCapability) &^ e.f.Capabilities
	text := "all that this kernel knows"
	if lacking != 0 {
		text = "all but " + lacking.String() + ", which this user does not have"
	}
	e.add("capabilities", true, text, "")
}

func (e *examination) namespaceText(key string) string {
	switch {
	case key == "no_new_privs":
		return "it can be set"
	case !e.f.Root() && key != "user":
		return "it works, inside a user namespace"
	}
	return "it works"
}

// landlock says what each version brought that matters here.
func (e *examination) landlock() {
	if e.f.Landlock == 0 {
		e.add("isolation.landlock", false, "", "this kernel does not have Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, and lsm= on its command line)")
		return
	}
	var lacks []string
	for _, v := range []struct {
		abi  int
		what string
	}{{2, "moves between folders (Linux 5.19)"}, {3, "truncate(2) (Linux 6.2)"}, {5, "device ioctls (Linux 6.10)"}, {6, "signals (Linux 6.12)"}} {
		if e.f.Landlock < v.abi {
			lacks = append(lacks, v.what)
		}
	}
	text := fmt.Sprintf("Landlock %d", e.f.Landlock)
	if len(lacks) > 0 {
		text += ", which does not hold " + strings.Join(lacks, ", ")
	}
	e.add("isolation.landlock", true, text, "")
}
