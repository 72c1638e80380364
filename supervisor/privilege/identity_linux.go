package privilege

import (
	"fmt"
	"slices"
	"strconv"

	"systemg/config"
	"systemg/supervisor/privilege/stage"
)

// identity is whom the unit runs as. The groups are always set anew: those of
// the user, and those the unit names.
func (b *builder) identity(p *config.Privileges) error {
	name := p.User
	if name == "" && b.f.DropPrivileges {
		name = nobody
	}
	if name == "" && p.Group == "" && len(p.SupplementaryGroups) == 0 {
		return nil
	}
	users := b.f.accounts()
	who := Account{Name: strconv.Itoa(b.f.UID), UID: b.f.UID, GID: b.f.GID}
	if name != "" {
		var err error
		if who, err = users.User(name); err != nil {
			return &Refusal{Key: "user", Text: err.Error()}
		}
	}
	id := &stage.Identity{UID: who.UID, GID: who.GID, User: who.Name, Group: strconv.Itoa(who.GID), Chown: who.UID != b.f.UID}
	if p.Group != "" {
		gid, err := users.Group(p.Group)
		if err != nil {
			return &Refusal{Key: "group", Text: err.Error()}
		}
		id.GID, id.Group = gid, p.Group
	}
	if name != "" {
		groups, err := users.GroupsOf(who.Name)
		if err != nil {
			return &Refusal{Key: "user", Text: err.Error()}
		}
		id.Groups = append([]int{id.GID}, groups...)
	}
	for _, g := range p.SupplementaryGroups {
		gid, err := users.Group(g)
		if err != nil {
			return &Refusal{Key: "supplementary_groups", Text: err.Error()}
		}
		id.Groups = append(id.Groups, gid)
	}
	slices.Sort(id.Groups)
	id.Groups = slices.Compact(id.Groups)
	if name != "" {
		b.plan.Clean = who.UID != b.f.UID && !p.InheritEnv
		b.plan.Environ = describe(who, b.plan.Clean)
	}
	if !b.f.Root() {
		return b.stay(p, id)
	}
	b.orders.Identity = id
	if id.UID != 0 {
		b.held = true
	}
	return nil
}

// stay is the identity of a unit whose supervisor is not root: it can only be
// the supervisor's own.
func (b *builder) stay(p *config.Privileges, id *stage.Identity) error {
	switch {
	case id.UID != b.f.UID:
		return &Refusal{Key: "user", Text: fmt.Sprintf("only root can run a unit as another user (%s), and this supervisor is user %d", id.User, b.f.UID)}
	case p.Group != "" && id.GID != b.f.GID:
		return &Refusal{Key: "group", Text: fmt.Sprintf("only root can run a unit as another group (%s), and this supervisor is group %d", id.Group, b.f.GID)}
	case len(p.SupplementaryGroups) > 0:
		return &Refusal{Key: "supplementary_groups", Text: "only root can set them"}
	}
	return nil
}
