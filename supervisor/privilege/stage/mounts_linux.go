package stage

import (
	"encoding/binary"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// devices are the nodes of a private /dev: those that every program may count
// on and that give no way to a machine's hardware.
var devices = []string{"null", "zero", "full", "random", "urandom", "tty"}

// links are its symbolic links.
var links = [][2]string{
	{"/proc/self/fd", "/dev/fd"},
	{"/proc/self/fd/0", "/dev/stdin"},
	{"/proc/self/fd/1", "/dev/stdout"},
	{"/proc/self/fd/2", "/dev/stderr"},
	{"pts/ptmx", "/dev/ptmx"},
}

// mounts adds what makes the file system the process's own. Nothing of it is
// seen outside. What the machine mounts later appears inside, unless it is to
// be read-only: a new mount would not be.
func (p *program) mounts(o *Orders) {
	p.step("separate its mounts")
	propagation := unix.MS_SLAVE
	if o.Mounts.ReadOnly {
		propagation = unix.MS_PRIVATE
	}
	p.do(unix.SYS_MOUNT, 0, "/", 0, unix.MS_REC|propagation, 0)
	umask := p.get(unix.SYS_UMASK, 0)
	carried := p.pickUp(o.Mounts)
	if o.Mounts.ReadOnly {
		p.step("make the file system read-only")
		p.do(unix.SYS_MOUNT_SETATTR, at(unix.AT_FDCWD), "/", unix.AT_RECURSIVE, mountAttr(unix.MOUNT_ATTR_RDONLY), unix.MOUNT_ATTR_SIZE_VER0)
	}
	if o.Mounts.Tmp {
		for _, dir := range []string{"/tmp", "/var/tmp"} {
			p.step("make a private %s", dir)
			p.do(unix.SYS_MOUNT, "tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777").pardon = uintptr(unix.ENOENT)
		}
	}
	if o.Mounts.Devices {
		p.devices()
	}
	if o.Namespaces&unix.CLONE_NEWPID != 0 {
		p.step("mount a /proc of its own")
		p.do(unix.SYS_MOUNT, "proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
		if o.Mounts.ReadOnly {
			p.do(unix.SYS_MOUNT_SETATTR, at(unix.AT_FDCWD), "/proc", 0, mountAttr(unix.MOUNT_ATTR_RDONLY), unix.MOUNT_ATTR_SIZE_VER0)
		}
	}
	p.putDown(o.Mounts, carried)
	p.step("separate its mounts")
	p.do(unix.SYS_UMASK, umask)
}

// mountAttr is struct mount_attr that sets attributes.
func mountAttr(set uint64) []byte {
	b := make([]byte, unix.MOUNT_ATTR_SIZE_VER0)
	binary.NativeEndian.PutUint64(b, set)
	return b
}

// Covers is whether a path lies below something that is mounted over it, and is
// not seen any more.
func (m Mounts) Covers(name string) bool {
	under := func(dir string) bool { return strings.HasPrefix(name, dir+"/") }
	return m.Devices && under("/dev") || m.Tmp && (under("/tmp") || under("/var/tmp"))
}

// pickUp takes hold of what is carried below the new mounts.
func (p *program) pickUp(m Mounts) []register {
	list := make([]register, len(m.Carry))
	for i, name := range m.Carry {
		if m.Covers(name) {
			p.step("keep %s", name)
			list[i] = p.get(unix.SYS_OPEN_TREE, at(unix.AT_FDCWD), name, unix.OPEN_TREE_CLONE|unix.O_CLOEXEC)
		}
	}
	return list
}

// putDown puts it where it was.
func (p *program) putDown(m Mounts, carried []register) {
	for i, name := range m.Carry {
		if !m.Covers(name) {
			continue
		}
		p.step("keep %s", name)
		parts := strings.Split(strings.Trim(path.Dir(name), "/"), "/")
		for n := range parts {
			p.do(unix.SYS_MKDIRAT, at(unix.AT_FDCWD), "/"+path.Join(parts[:n+1]...), 0o755).pardon = uintptr(unix.EEXIST)
		}
		p.node(name)
		p.move(carried[i], name)
	}
}

// node makes an empty file to mount on.
func (p *program) node(name string) {
	p.do(unix.SYS_MKNODAT, at(unix.AT_FDCWD), name, unix.S_IFREG|0o666, 0)
}

// move attaches what a register holds.
func (p *program) move(tree register, name string) {
	p.do(unix.SYS_MOVE_MOUNT, tree, "", at(unix.AT_FDCWD), name, unix.MOVE_MOUNT_F_EMPTY_PATH)
	p.close(tree)
}

// devices adds a /dev of its own: the usual nodes, its own pseudo terminals
// and its own shared memory.
func (p *program) devices() {
	p.step("make a private /dev")
	held := make([]register, len(devices))
	for i, name := range devices {
		held[i] = p.get(unix.SYS_OPEN_TREE, at(unix.AT_FDCWD), "/dev/"+name, unix.OPEN_TREE_CLONE|unix.O_CLOEXEC)
	}
	p.do(unix.SYS_MOUNT, "tmpfs", "/dev", "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "mode=755,size=1m")
	for i, name := range devices {
		p.node("/dev/" + name)
		p.move(held[i], "/dev/"+name)
	}
	for _, l := range links {
		p.do(unix.SYS_SYMLINKAT, l[0], at(unix.AT_FDCWD), l[1])
	}
	p.do(unix.SYS_MKDIRAT, at(unix.AT_FDCWD), "/dev/pts", 0o755)
	p.do(unix.SYS_MOUNT, "devpts", "/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
	p.do(unix.SYS_MKDIRAT, at(unix.AT_FDCWD), "/dev/shm", 0o1777)
	p.do(unix.SYS_MOUNT, "tmpfs", "/dev/shm", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=1777")
}
