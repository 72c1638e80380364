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
	if f.Root() {
		return nil
	}
	own := fmt.Sprintf("only root can do that, and this supervisor is user %d", f.UID)
	switch {
	case p.User != "" && p.User != f.Name && p.User != strconv.Itoa(f.UID):
		return &Refusal{Key: "user", Text: own}
	case len(p.SupplementaryGroups) > 0:
		return &Refusal{Key: "supplementary_groups", Text: own}
	}
	return nil
}
