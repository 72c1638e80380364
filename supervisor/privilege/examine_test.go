package privilege

import (
	"errors"
	"strings"
	"testing"

	"systemg/config"
)

// What could be enforced is said for each key, by what the facts say and by
// what an attempt comes to.
func TestExamine(t *testing.T) {
	const last = 40
	refuse := func(p *config.Privileges) error {
		if p.Isolation["pid"] == "true" {
			return errors.New("no space left on device")
		}
		return nil
	}
	for name, c := range map[string]struct {
		f    Facts
		want []string
	}{
		"root": {
			Facts{Capabilities: all(last), LastCapability: last, Landlock: 7, AppArmor: true},
			[]string{
				"user yes any user of this machine", "capabilities yes all that this kernel knows", "isolation.network yes it works",
				"isolation.pid no no space left on device", "isolation.landlock yes Landlock 7", "isolation.apparmor_profile yes AppArmor is in force",
				"limits above the hard limit yes CAP_SYS_RESOURCE is there",
			},
		},
		"root without all capabilities": {
			Facts{Capabilities: all(last) &^ setOf("CAP_SETGID", "CAP_SYS_RESOURCE"), LastCapability: last, Landlock: 1},
			[]string{
				"user no it takes CAP_SETGID, which this root does not have", "capabilities yes all but CAP_SETGID CAP_SYS_RESOURCE, which this user does not have",
				"isolation.landlock yes Landlock 1, which does not hold moves between folders (Linux 5.19), truncate(2) (Linux 6.2), device ioctls (Linux 6.10), signals (Linux 6.12)",
				"limits above the hard limit no it takes CAP_SYS_RESOURCE",
			},
		},
		"a plain user": {
			Facts{UID: 1000, LastCapability: last},
			[]string{
				"user no only root can, and this is user 1000: units run as that user", "capabilities no only root can give them",
				"isolation.network yes it works, inside a user namespace", "isolation.user yes it works", "isolation.no_new_privs yes it can be set",
				"isolation.landlock no this kernel does not have Landlock", "isolation.selinux_context no this kernel does not have SELinux in force",
			},
		},
	} {
		var said []string
		for _, f := range Examine(c.f, refuse) {
			said = append(said, f.Key+map[bool]string{true: " yes ", false: " no "}[f.Can]+f.Text)
		}
		text := strings.Join(said, "\n")
		for _, want := range c.want {
			if !strings.Contains("\n"+text, "\n"+want) {
				t.Errorf("of %s it does not say %q:\n%s", name, want, text)
			}
		}
	}
}
