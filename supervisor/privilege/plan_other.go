//go:build !linux

package privilege

import "systemg/config"

// Of refuses what is asked for: there is nothing to enforce it by.
func Of(p *config.Privileges, f Facts) (Plan, error) {
	if !Asks(p) && !f.DropPrivileges {
		return Plan{}, nil
	}
	return Plan{}, &Refusal{Key: "user, limits, capabilities and isolation", Text: "they can be enforced on Linux only"}
}
