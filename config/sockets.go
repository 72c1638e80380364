package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// String is like tcp://127.0.0.1:8080.
func (s Socket) String() string { return s.Network + "://" + s.Address }

// sameAddress is whether two sockets cannot both be open: they have the same
// file, or the same port of the same host or of all hosts.
func sameAddress(a, b Socket) bool {
	if a.Network != b.Network || a.Network == "unix" {
		return a.Network == b.Network && a.Address == b.Address
	}
	hostA, portA := hostPort(a.Address)
	hostB, portB := hostPort(b.Address)
	return portA == portB && (hostA == hostB || isEverywhere(hostA) || isEverywhere(hostB))
}

// hostPort takes an address apart; equal ones give equal texts.
func hostPort(address string) (host string, port int) {
	host, service, _ := net.SplitHostPort(address)
	port, _ = strconv.Atoi(service)
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String(), port
	}
	return strings.ToLower(host), port
}

func isEverywhere(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }

// sharedAddresses finds sockets that two units want.
func (d *decoder) sharedAddresses(plan *Plan) {
	var seen []*Unit
	for i := range plan.Projects {
		for j := range plan.Projects[i].Units {
			u := &plan.Projects[i].Units[j]
			if len(u.Sockets) == 0 || u.Replica > 1 {
				continue
			}
			for _, other := range seen {
				d.sharedBy(other, u)
			}
			seen = append(seen, u)
		}
	}
}

func (d *decoder) sharedBy(a, b *Unit) {
	for _, s := range b.Sockets {
		for _, other := range a.Sockets {
			if sameAddress(s, other) {
				d.errorf(b.Pos, len(b.Base), "give one of them another address: replicas of one service may share a socket, services may not",
					"%s listens on %s, and %s on %s", b.Base, s, a.Base, other)
			}
		}
	}
}

// listeners checks what sockets, deployment and health check say together.
func (d *decoder) listeners(o object, u *Unit) {
	if len(u.Sockets) > 0 && u.Kind != Service {
		d.errorf(o.pos("sockets"), len("sockets"), "take sockets away: nobody would accept when it has ended", "%s is a %s, and has sockets", u.Name, u.Kind)
	}
	if u.Deployment.Strategy != "rolling" || u.Deployment.BlueGreen != nil || u.Health == nil {
		return
	}
	probe, port := probed(u.Health)
	if port == 0 {
		return
	}
	at := o.pos("health_check")
	if !o.has("health_check") {
		at = object{d: d, n: o.get("deployment")}.pos("health_check")
	}
	if len(u.Sockets) == 0 {
		d.note(SeverityWarning, at, len("health_check"),
			"let the supervisor listen (sockets:), or use blue_green; programs that share their port themselves (SO_REUSEPORT) are all right",
			"%s is rolling with a fixed port: the new instance and the old one would both want %s", u.Name, probe)
		return
	}
	for _, s := range u.Sockets {
		if _, p := hostPort(s.Address); s.Network == "tcp" && p == port {
			d.note(SeverityWarning, at, len("health_check"),
				"use notify: true, log, or a port of the instance's own",
				"the health check of %s asks a socket that the old instance answers on too: it cannot tell whether the new one is well", u.Name)
			return
		}
	}
}

// probed is the port of this machine that a health check asks, 0 for none.
func probed(h *HealthCheck) (address string, port int) {
	address = h.TCP
	if h.URL != "" {
		u, err := url.Parse(h.URL)
		if err != nil {
			return "", 0
		}
		address = u.Host
		if u.Port() == "" {
			address = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
		}
	}
	host, port := hostPort(address)
	ip, err := netip.ParseAddr(host)
	if host != "localhost" && !isEverywhere(host) && (err != nil || !ip.IsLoopback()) {
		return "", 0
	}
	return address, port
}
