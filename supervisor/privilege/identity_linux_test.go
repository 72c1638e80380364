package privilege_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"systemg/config"
	"systemg/supervisor/privilege"
)

// accounts are users and groups for tests that depend on nobody's machine.
func accounts(t *testing.T) privilege.Files {
	t.Helper()
	f := privilege.Files{Users: filepath.Join(t.TempDir(), "passwd"), Groups: filepath.Join(t.TempDir(), "group")}
	for path, text := range map[string]string{
		f.Users:  "root:x:0:0::/root:/bin/bash\nweb:x:4001:4002::/srv/web:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
		f.Groups: "root:x:0:\nweb:x:4002:\nlogs:x:4003:other,web\ndata:x:4004:\nnogroup:x:65534:\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// A unit's user, group and supplementary groups are those it asks for and no
// others, and its environment says who it is.
func TestAServiceIsItsUser(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	r.facts.Accounts = accounts(t)
	for name, c := range map[string]struct {
		p        config.Privileges
		uid, gid int
		groups   []int
	}{
		"user":                 {config.Privileges{User: "web"}, 4001, 4002, []int{4002, 4003}},
		"user and group":       {config.Privileges{User: "web", Group: "data"}, 4001, 4004, []int{4003, 4004}},
		"supplementary groups": {config.Privileges{User: "web", SupplementaryGroups: []string{"data"}}, 4001, 4002, []int{4002, 4003, 4004}},
		"numbers":              {config.Privileges{User: "4999", Group: "4998"}, 4999, 4998, []int{4998}},
		"group alone":          {config.Privileges{Group: "data"}, 0, 4004, nil},
		"root":                 {config.Privileges{User: "root"}, 0, 0, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			r.T = t
			s := r.must(c.p)
			if s.UID != c.uid || s.GID != c.gid || !slices.Equal(s.Groups, c.groups) {
				t.Errorf("it is user %d, group %d, groups %v; want %d, %d, %v", s.UID, s.GID, s.Groups, c.uid, c.gid, c.groups)
			}
			ids := strings.Repeat("\t"+strconv.Itoa(c.uid), 4)
			if got := s.Status["Uid"]; got != ids[1:] {
				t.Errorf("all four user numbers: %q", got)
			}
		})
	}
}

func TestTheEnvironmentFollowsTheUser(t *testing.T) {
	needRoot(t)
	facts := privilege.Here(false)
	facts.Accounts = accounts(t)
	plan, err := privilege.Of(&config.Privileges{User: "web"}, facts)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.EnvVar{
		{Name: "PATH", Value: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{Name: "HOME", Value: "/srv/web"},
		{Name: "USER", Value: "web"},
		{Name: "LOGNAME", Value: "web"},
		{Name: "SHELL", Value: "/bin/sh"},
	}
	if !plan.Clean || !slices.Equal(plan.Environ, want) {
		t.Errorf("clean %v, %v", plan.Clean, plan.Environ)
	}
	plan, err = privilege.Of(&config.Privileges{User: "web", InheritEnv: true}, facts)
	if err != nil || plan.Clean || !slices.Equal(plan.Environ, want[1:]) {
		t.Errorf("with env.inherit: clean %v, %v, %v", plan.Clean, plan.Environ, err)
	}
	plan, err = privilege.Of(&config.Privileges{User: "4999"}, facts)
	nameless := []config.EnvVar{want[0], {Name: "HOME", Value: "/"}, {Name: "USER", Value: "4999"}, {Name: "LOGNAME", Value: "4999"}, want[4]}
	if err != nil || !slices.Equal(plan.Environ, nameless) {
		t.Errorf("of a user that has a number only: %v, %v", plan.Environ, err)
	}
}

// With --drop-privileges a unit without a user is nobody.
func TestDropPrivileges(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	r.facts.Accounts, r.facts.DropPrivileges = accounts(t), true
	if s := r.must(config.Privileges{}); s.UID != 65534 || s.GID != 65534 || !slices.Equal(s.Groups, []int{65534}) {
		t.Errorf("user %d, group %d, groups %v", s.UID, s.GID, s.Groups)
	}
	if s := r.must(config.Privileges{User: "web"}); s.UID != 4001 {
		t.Errorf("a unit with a user is user %d", s.UID)
	}
}

// What only root can do is refused with the reason before anything is started.
func TestWhatOnlyRootCanDo(t *testing.T) {
	facts := privilege.Facts{UID: 1000, GID: 1000, Name: "me", Accounts: accounts(t)}
	for want, p := range map[string]config.Privileges{
		"user: only root":                 {User: "web"},
		"supplementary_groups: only root": {SupplementaryGroups: []string{"logs"}},
	} {
		err := privilege.Refused(&p, facts)
		var refusal *privilege.Refusal
		if !errors.As(err, &refusal) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", p, err, want)
		}
	}
	if err := privilege.Refused(&config.Privileges{User: "me"}, facts); err != nil {
		t.Errorf("its own user: %v", err)
	}
}

// A number that no user can have is not cut down to another one, and not taken
// for "as it is", by which a unit would stay root.
func TestUnknownUsersAreNamed(t *testing.T) {
	facts := privilege.Facts{Accounts: accounts(t)}
	for want, p := range map[string]config.Privileges{
		`user: there is no user "-1" on this machine`:                          {User: "-1"},
		`user: there is no user "4294967295" on this machine`:                  {User: "4294967295"},
		`user: there is no user "4294967296" on this machine`:                  {User: "4294967296"},
		`user: there is no user "0x10" on this machine`:                        {User: "0x10"},
		`group: there is no group "4294967295" on this machine`:                {Group: "4294967295"},
		`group: there is no group "4294967296" on this machine`:                {Group: "4294967296"},
		`supplementary_groups: there is no group "4294967296" on this machine`: {User: "web", SupplementaryGroups: []string{"4294967296"}},
		`user: there is no user "wbe" on this machine`:                         {User: "wbe"},
		`group: there is no group "dta" on this machine`:                       {Group: "dta"},
		`supplementary_groups: there is no group "lgs" on this machine`:        {User: "web", SupplementaryGroups: []string{"lgs"}},
	} {
		if _, err := privilege.Of(&p, facts); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", p, err, want)
		}
	}
}
