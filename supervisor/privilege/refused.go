package privilege

import (
	"fmt"
	"strconv"

	"systemg/config"
)

// Refused says, without looking anything up, why a unit can never be started
// by this supervisor on this machine; nil where that is only seen by trying.
// The error is a *Refusal.
func Refused(p *config.Privileges, f Facts) error {
	switch {
	case p.Landlock != nil && f.Landlock == 0:
		return &Refusal{Key: "isolation.landlock", Text: "this kernel does not have Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, and lsm= on its command line)"}
	case p.Isolation["apparmor_profile"] != "" && !f.AppArmor:
		return &Refusal{Key: "isolation.apparmor_profile", Text: "this kernel does not have AppArmor in force"}
	case p.Isolation["selinux_context"] != "" && !f.SELinux:
		return &Refusal{Key: "isolation.selinux_context", Text: "this kernel does not have SELinux in force"}
	case f.Root():
		return nil
	}
	own := fmt.Sprintf("only root can do that, and this supervisor is user %d", f.UID)
	switch {
	case p.User != "" && p.User != f.Name && p.User != strconv.Itoa(f.UID):
		return &Refusal{Key: "user", Text: own}
	case len(p.SupplementaryGroups) > 0:
		return &Refusal{Key: "supplementary_groups", Text: own}
	case p.Capabilities != nil:
		return &Refusal{Key: "capabilities", Text: own}
	}
	return nil
}
