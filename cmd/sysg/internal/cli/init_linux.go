package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// mountpoint is what a first process mounts where nobody has.
type mountpoint struct {
	kind, path string
	flags      uintptr
	data       string
	// sign is a file that is there when somebody has.
	sign string
}

// mountpoints are in the order in which they are needed.
var mountpoints = []mountpoint{
	{kind: "proc", path: "/proc", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, sign: "/proc/self"},
	{kind: "sysfs", path: "/sys", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, sign: "/sys/kernel"},
	{kind: "devtmpfs", path: "/dev", flags: unix.MS_NOSUID, data: "mode=0755", sign: "/dev/null"},
	{kind: "tmpfs", path: "/dev/shm", flags: unix.MS_NOSUID | unix.MS_NODEV, data: "mode=1777", sign: "/dev/shm"},
	{kind: "tmpfs", path: "/run", flags: unix.MS_NOSUID | unix.MS_NODEV, data: "mode=0755", sign: "/run"},
	{kind: "tmpfs", path: "/tmp", flags: unix.MS_NOSUID | unix.MS_NODEV, data: "mode=1777", sign: "/tmp"},
	{kind: "cgroup2", path: "/sys/fs/cgroup", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, sign: "/sys/fs/cgroup/cgroup.procs"},
}

// mountAll mounts what is missing, in a machine's first process; a container's
// has what it is given.
func mountAll() error {
	if os.Getpid() != 1 {
		return nil
	}
	if _, err := os.Stat("/proc/self"); err == nil {
		return nil
	}
	for _, m := range mountpoints {
		if _, err := os.Stat(m.sign); err == nil {
			continue
		}
		if err := os.MkdirAll(m.path, 0o755); err != nil {
			return fmt.Errorf("cannot make %s: %w", m.path, err)
		}
		err := unix.Mount(m.kind, m.path, m.kind, m.flags, m.data)
		if err != nil && (m.path == "/proc" || m.path == "/dev") {
			return fmt.Errorf("cannot mount %s: %w", m.path, err)
		}
	}
	return openStreams()
}

// openStreams gives this process the console where the kernel had none to give,
// for there was no /dev.
func openStreams() error {
	var st unix.Stat_t
	if unix.Fstat(1, &st) == nil {
		return nil
	}
	fd, err := unix.Open("/dev/console", unix.O_RDWR, 0)
	if err != nil {
		fd, err = unix.Open("/dev/null", unix.O_RDWR, 0)
	}
	for err == nil && fd < 2 {
		fd, err = unix.Dup(fd)
	}
	return err
}

// execSelf makes this process another role of the same program.
func execSelf(args, env []string) error {
	err := syscall.Exec("/proc/self/exe", append([]string{"sysg"}, args...), env)
	if errors.Is(err, syscall.ENOENT) {
		return errors.New("/proc is not mounted")
	}
	return err
}
