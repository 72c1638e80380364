package sockets

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"systemg/config"
)

// Activated is the variable by which sockets that a service manager has opened
// for sysg (sd_listen_fds(3)) are told to a supervisor in the background:
// "200=http 201=https", descriptors by name.
const Activated = "SYSG_ACTIVATED"

// passedFrom is the first descriptor they are moved to, above all that is
// given a number of its own on the way.
const passedFrom = 200

// firstListen is the first descriptor of sd_listen_fds(3).
const firstListen = 3

// PassOn makes sockets that this process was given outlive its children's
// execs, and gives the variable that tells of them; empty where there are none.
func PassOn(getenv func(string) string) (variable string, err error) {
	names, err := given(getenv)
	if err != nil || len(names) == 0 {
		return "", err
	}
	var list []string
	for i, name := range names {
		fd, err := unix.FcntlInt(uintptr(firstListen+i), unix.F_DUPFD, passedFrom)
		if err != nil {
			return "", fmt.Errorf("cannot pass the socket %s on: %w", name, err)
		}
		unix.CloseOnExec(firstListen + i)
		list = append(list, strconv.Itoa(fd)+"="+name)
	}
	return Activated + "=" + strings.Join(list, " "), nil
}

// given are the names of the sockets this process was given.
func given(getenv func(string) string) ([]string, error) {
	if getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 0 {
		return nil, fmt.Errorf("LISTEN_FDS is %q, not a number of sockets", getenv("LISTEN_FDS"))
	}
	if n == 0 {
		return nil, nil
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	if getenv("LISTEN_FDNAMES") == "" || len(names) != n {
		return nil, fmt.Errorf("%d sockets were passed by LISTEN_FDS with the names %q: each needs one (systemd: FileDescriptorName=)", n, getenv("LISTEN_FDNAMES"))
	}
	return names, nil
}

// Inherit takes over the sockets that a service manager has opened for sysg:
// the units whose sockets have their names get them instead of new ones, for as
// long as the supervisor lives.
func (t *Table) Inherit(getenv func(string) string) error {
	found := map[string]int{}
	for one := range strings.FieldsSeq(getenv(Activated)) {
		number, name, ok := strings.Cut(one, "=")
		fd, err := strconv.Atoi(number)
		if !ok || err != nil {
			return fmt.Errorf("%s has %q", Activated, one)
		}
		found[name] = fd
	}
	names, err := given(getenv)
	if err != nil {
		return err
	}
	for i, name := range names {
		found[name] = firstListen + i
	}
	t.work.Lock()
	defer t.work.Unlock()
	for name, fd := range found {
		if v, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || v == 0 {
			return fmt.Errorf("descriptor %d, passed as %s, is no listening socket", fd, name)
		}
		// Its successor has to find it too, so it is this process's
		// children that must not: they are given duplicates.
		t.activated[name] = fd
	}
	return nil
}

// activatedAs is a duplicate of the socket that was passed by a definition's
// name, -1 for none; work is held.
func (t *Table) activatedAs(owner string, def config.Socket) (int, error) {
	name := def.Name
	if name == "" {
		name = path.Base(owner)
	}
	fd, ok := t.activated[name]
	if !ok {
		return -1, nil
	}
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}
