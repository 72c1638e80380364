package privilege

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Account is a user of the machine (passwd(5)).
type Account struct {
	Name     string
	UID, GID int
	Home     string
	Shell    string
}

// Accounts are the machine's users and groups. Names may be numbers.
type Accounts interface {
	// User is the user of a name; the error says that there is none.
	User(name string) (Account, error)
	// Group is the number of a group.
	Group(name string) (int, error)
	// GroupsOf are the groups that have the user as a member.
	GroupsOf(user string) ([]int, error)
}

// Files are accounts in two files in the formats of passwd(5) and group(5).
// Users that only a directory service knows are not found by name; their
// numbers can be used.
type Files struct{ Users, Groups string }

// User finds a user; a number without an entry is a user without a home.
func (f Files) User(name string) (Account, error) {
	number, isNumber := parseID(name)
	var found *Account
	err := eachLine(f.Users, func(fields []string) bool {
		if len(fields) < 7 || fields[0] != name && (!isNumber || fields[2] != name) {
			return true
		}
		uid, okU := parseID(fields[2])
		gid, okG := parseID(fields[3])
		if !okU || !okG {
			return true
		}
		found = &Account{Name: fields[0], UID: uid, GID: gid, Home: fields[5], Shell: fields[6]}
		return false
	})
	switch {
	case found != nil:
		return *found, nil
	case isNumber:
		return Account{Name: name, UID: number, GID: number, Home: "/", Shell: "/bin/sh"}, nil
	case err != nil:
		return Account{}, fmt.Errorf("cannot look for user %s: %w", name, err)
	}
	return Account{}, fmt.Errorf("there is no user %q on this machine", name)
}

// parseID reads the number of a user or a group. The last one of 32 bits is
// nobody's: to the kernel it means "as it is" (setresuid(2)), which would leave
// a unit what it was to lose, as one that does not fit would.
func parseID(s string) (id int, ok bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == math.MaxUint32 {
		return 0, false
	}
	return int(n), true
}

// Group finds a group.
func (f Files) Group(name string) (int, error) {
	gid := -1
	err := eachLine(f.Groups, func(fields []string) bool {
		if len(fields) >= 3 && fields[0] == name {
			if n, ok := parseID(fields[2]); ok {
				gid = n
			}
		}
		return gid < 0
	})
	if gid >= 0 {
		return gid, nil
	}
	if n, ok := parseID(name); ok {
		return n, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot look for group %s: %w", name, err)
	}
	return 0, fmt.Errorf("there is no group %q on this machine", name)
}

// GroupsOf finds the groups of a user.
func (f Files) GroupsOf(user string) ([]int, error) {
	var list []int
	err := eachLine(f.Groups, func(fields []string) bool {
		if len(fields) >= 4 && slices.Contains(strings.Split(fields[3], ","), user) {
			if n, ok := parseID(fields[2]); ok {
				list = append(list, n)
			}
		}
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("cannot look for the groups of %s: %w", user, err)
	}
	return list, nil
}

// eachLine gives the fields of each line until next says false.
func eachLine(path string, next func(fields []string) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if !next(strings.Split(in.Text(), ":")) {
			return nil
		}
	}
	return in.Err()
}
