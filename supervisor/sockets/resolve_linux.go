package sockets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// resolveTime bounds how long a name may take to be resolved.
const resolveTime = 5 * time.Second

// resolve makes a socket address of host:port. A host that is empty means
// every address; of a name's addresses the first of IPv4 is taken, else the
// first of all.
func resolve(text string) (unix.Sockaddr, error) {
	host, port, err := split(text)
	if err != nil {
		return nil, err
	}
	if host == "" {
		if hasIPv6() {
			return sockaddr(netip.IPv6Unspecified(), port)
		}
		return sockaddr(netip.IPv4Unspecified(), port)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return sockaddr(ip, port)
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(list) == 0 {
		return nil, fmt.Errorf("there is no host %q, write an address or correct the name (%w)", host, err)
	}
	for _, ip := range list {
		if ip.Unmap().Is4() {
			return sockaddr(ip, port)
		}
	}
	return sockaddr(list[0], port)
}

func split(text string) (host string, port int, err error) {
	host, service, err := net.SplitHostPort(text)
	if err != nil {
		return "", 0, errors.New("it is not like 127.0.0.1:8080")
	}
	port, err = strconv.Atoi(service)
	if err != nil {
		return "", 0, fmt.Errorf("the port %q is no number", service)
	}
	return host, port, nil
}

func sockaddr(ip netip.Addr, port int) (unix.Sockaddr, error) {
	ip = ip.Unmap()
	if ip.Is4() {
		return &unix.SockaddrInet4{Port: port, Addr: ip.As4()}, nil
	}
	sa := &unix.SockaddrInet6{Port: port, Addr: ip.As16()}
	if zone := ip.Zone(); zone != "" {
		link, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, fmt.Errorf("there is no network interface %q", zone)
		}
		sa.ZoneId = uint32(link.Index)
	}
	return sa, nil
}

// hasIPv6 is whether an IPv6 socket can be made at all.
func hasIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(fd)
	return true
}
