package sockets

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"systemg/config"
)

// fetch finds, among the descriptors of a process, a listening socket for each
// definition, -1 where there is none (pidfd_getfd(2)). Services keep what they
// were given at 3 and on, or have moved it: all are looked at, lowest first.
func fetch(pid int, defs []config.Socket) ([]int, error) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("process %d does not live: %w", pid, err)
	}
	defer unix.Close(pidfd)
	numbers, err := socketsOf(pid)
	if err != nil {
		return nil, err
	}
	found := slices.Repeat([]int{-1}, len(defs))
	left := len(defs)
	for _, n := range numbers {
		if left == 0 {
			break
		}
		fd, err := unix.PidfdGetfd(pidfd, n, 0)
		if err != nil {
			continue
		}
		at := matching(fd, defs, found)
		if at < 0 {
			_ = unix.Close(fd)
			continue
		}
		found[at] = fd
		left--
	}
	return found, nil
}

// socketsOf are the numbers of a process's descriptors that are sockets.
func socketsOf(pid int) ([]int, error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot see its descriptors: %w", bare(err))
	}
	var list []int
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if target, err := os.Readlink(dir + "/" + e.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list, nil
}

// matching is the first definition that the socket listens for and that has
// none yet, or -1.
func matching(fd int, defs []config.Socket, found []int) int {
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || on == 0 {
		return -1
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return -1
	}
	for i, def := range defs {
		if found[i] < 0 && fits(name, def) {
			return i
		}
	}
	return -1
}

// fits is whether a socket's name is that of the definition. A host that is a
// name is not resolved again: the port has to do.
func fits(name unix.Sockaddr, def config.Socket) bool {
	if def.Network == "unix" {
		sa, ok := name.(*unix.SockaddrUnix)
		if !ok {
			return false
		}
		return sa.Name == def.Address || len(def.Address) > maxPath &&
			strings.HasPrefix(sa.Name, "/proc/self/fd/") && filepath.Base(sa.Name) == filepath.Base(def.Address)
	}
	ip, port, ok := inetName(name)
	host, want, err := split(def.Address)
	if !ok || err != nil || port != want {
		return false
	}
	literal, err := netip.ParseAddr(host)
	switch {
	case host == "":
		return ip.IsUnspecified()
	case err != nil:
		return true
	}
	return literal.Unmap().WithZone("") == ip
}

func inetName(name unix.Sockaddr) (netip.Addr, int, bool) {
	switch sa := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr), sa.Port, true
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr), sa.Port, true
	}
	return netip.Addr{}, 0, false
}
