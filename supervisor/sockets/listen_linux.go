package sockets

import (
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"systemg/config"
)

// backlog is longer than any queue: the kernel takes net.core.somaxconn where
// that is less (listen(2)).
const backlog = math.MaxInt32

// listen opens a socket and has it listen.
func listen(def config.Socket) (int, error) {
	if def.Network == "unix" {
		return listenUnix(def)
	}
	return listenTCP(def)
}

func listenTCP(def config.Socket) (int, error) {
	addr, err := resolve(def.Address)
	if err != nil {
		return -1, err
	}
	family := unix.AF_INET6
	if _, ok := addr.(*unix.SockaddrInet4); ok {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, fmt.Errorf("cannot make a socket: %w", err)
	}
	if err := startTCP(fd, addr); err != nil {
		_ = unix.Close(fd)
		return -1, cure(err)
	}
	return fd, nil
}

// startTCP binds and listens. What is left of an earlier listener's
// connections does not hold the address (SO_REUSEADDR, socket(7)).
func startTCP(fd int, addr unix.Sockaddr) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := unix.Bind(fd, addr); err != nil {
		return err
	}
	return unix.Listen(fd, backlog)
}

// cure adds what to do about an error of bind or listen.
func cure(err error) error {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return errors.New("address already in use: something else listens there: end it (`ss -ltnp` says what it is), or choose another address")
	case errors.Is(err, unix.EACCES):
		return errors.New("permission denied: ports below 1024 need root or CAP_NET_BIND_SERVICE; choose a higher port, or run the supervisor with it")
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return errors.New("this machine has no such address: `ip addr` lists those it has; 0.0.0.0 and [::] mean all of them")
	}
	return err
}

// duplicate gives another descriptor of the same socket.
func duplicate(s *socket) (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), s.def.Address), nil
}

// release closes a socket and removes its file.
func release(s *socket) error {
	var wrong error
	if s.def.Network == "unix" {
		wrong = removeOwn(s)
	}
	return errors.Join(wrong, closeSocket(s.fd))
}

func closeSocket(fd int) error { return unix.Close(fd) }
