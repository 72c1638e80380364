package stage

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// What Landlock can hold, by the version that brought it (landlock(7)).
var landlockRights = []struct {
	abi    int
	rights uint64
}{
	{1, unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM},
	{2, unix.LANDLOCK_ACCESS_FS_REFER},
	{3, unix.LANDLOCK_ACCESS_FS_TRUNCATE},
	{5, unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
}

const (
	readRights = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	// fileRights are those a rule about a file may have.
	fileRights = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// scopeABI is the version that can keep signals inside.
	scopeABI = 6
	// netABI is the version whose attribute has a field for the network.
	netABI = 4
)

// handledRights is everything this version can hold.
func handledRights(abi int) uint64 {
	rights := uint64(0)
	for _, r := range landlockRights {
		if abi >= r.abi {
			rights |= r.rights
		}
	}
	return rights
}

// ruleset makes the ruleset and its rules, while the process may still open
// everything.
func (p *program) ruleset(l *Landlock) register {
	if l == nil {
		return 0
	}
	handled := handledRights(l.ABI)
	attr := binary.NativeEndian.AppendUint64(nil, handled)
	if l.ABI >= netABI {
		attr = binary.NativeEndian.AppendUint64(attr, 0)
	}
	if l.ABI >= scopeABI {
		attr = binary.NativeEndian.AppendUint64(attr, unix.LANDLOCK_SCOPE_SIGNAL)
	}
	p.step("make a landlock ruleset")
	set := p.get(unix.SYS_LANDLOCK_CREATE_RULESET, attr, len(attr), 0)
	for _, path := range l.ReadOnly {
		p.rule(set, "ro", path, readRights&handled)
	}
	for _, path := range l.ReadWrite {
		p.rule(set, "rw", path, handled)
	}
	return set
}

// rule adds a path. Rights that only a directory can have are refused for a
// file (EINVAL): then it is those of a file.
func (p *program) rule(set register, kind, path string, rights uint64) {
	p.step("add landlock %s path %s", kind, path)
	fd := p.open(path, unix.O_PATH)
	// The attribute holds the descriptor's number, which has to be known now.
	p.do(unix.SYS_DUP3, fd, p.slot, unix.O_CLOEXEC)
	p.close(fd)
	p.do(unix.SYS_LANDLOCK_ADD_RULE, set, unix.LANDLOCK_RULE_PATH_BENEATH, p.beneath(rights), 0).orNext = uintptr(unix.EINVAL)
	p.do(unix.SYS_LANDLOCK_ADD_RULE, set, unix.LANDLOCK_RULE_PATH_BENEATH, p.beneath(rights&fileRights), 0)
}

// beneath is struct landlock_path_beneath_attr for what is in the slot.
func (p *program) beneath(rights uint64) []byte {
	return binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint64(nil, rights), uint32(p.slot))
}
