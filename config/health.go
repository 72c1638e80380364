package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The defaults of a health check.
const (
	defaultInterval       = 2 * time.Second
	defaultAttemptTimeout = 5 * time.Second
	defaultHealthTimeout  = 30 * time.Second
	defaultRetries        = 3
)

// health reads the unit's health check, which may stand in two places.
func (d *decoder) health(o object, u *Unit) {
	own, deployed := o.get("health_check"), d.peek(o.get("deployment"), "health_check")
	if own != nil && deployed != nil {
		at := object{d: d, n: o.get("deployment")}.pos("health_check")
		d.errorf(at, len("health_check"), "keep one of them", "service %s has two health checks", u.Name)
		d.healthCheck(deployed, "health_check")
	}
	if own != nil {
		u.Health = d.healthCheck(own, "health_check")
	} else if deployed != nil {
		u.Health = d.healthCheck(deployed, "health_check")
	}
}

// peek is a key of a node that is checked elsewhere.
func (d *decoder) peek(n *node, key string) *node {
	found := n.find(key)
	if found == nil || found.kind == nullNode {
		return nil
	}
	return found
}

func (d *decoder) healthCheck(n *node, what string) *HealthCheck {
	o := d.object(n, what, healthKeys)
	if o.n == nil {
		return nil
	}
	h := &HealthCheck{
		URL: o.filled("url"), TCP: o.filled("tcp"), Command: o.filled("command"), Log: o.filled("log"), Notify: o.boolean("notify", false),
		Interval:       o.duration("interval", defaultInterval),
		AttemptTimeout: o.duration("attempt_timeout", defaultAttemptTimeout),
		Timeout:        o.duration("timeout", defaultHealthTimeout),
		Retries:        o.integer("retries", defaultRetries),
		StartPeriod:    o.duration("start_period", 0),
		Watchdog:       o.duration("watchdog", 0),
		Liveness:       o.word("liveness", "none"),
	}
	if o.has("total_timeout") {
		if o.has("timeout") {
			d.errorf(o.pos("total_timeout"), len("total_timeout"), "keep one of them", "timeout and total_timeout are the same")
		}
		h.Timeout = o.duration("total_timeout", defaultHealthTimeout)
	}
	d.probes(o, h, what)
	return h
}

// regexpHint is for an expression that cannot be read.
const regexpHint = "the syntax is RE2's, as in grep -E for most; \\( is a bracket itself"

// probes checks that there is exactly one, and that it makes sense.
func (d *decoder) probes(o object, h *HealthCheck, what string) {
	var given []string
	for _, name := range []string{"url", "tcp", "command", "notify", "log"} {
		if o.has(name) && (name != "notify" || h.Notify) {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		hint := "add one of url, tcp, command, notify: true, log"
		if len(given) > 1 {
			hint = "keep one of " + or(given)
		}
		d.errorf(o.n.pos, 1, hint, "%s needs exactly one probe, and has %d", what, len(given))
	}
	if h.URL != "" {
		if !isWebAddress(h.URL) {
			d.wrong(o.get("url"), fmt.Sprintf("cannot read the url %q", h.URL), "it is like http://127.0.0.1:8080/health")
		}
	}
	if h.TCP != "" {
		if !isAddress(h.TCP) {
			d.wrong(o.get("tcp"), fmt.Sprintf("cannot read the address %q", h.TCP), "it is like 127.0.0.1:5432")
		}
	}
	if _, err := regexp.Compile(h.Log); err != nil {
		d.wrong(o.get("log"), fmt.Sprintf("log is no regular expression: %v", err), regexpHint)
	}
	if o.has("watchdog") && !h.Notify {
		d.wrong(o.get("watchdog"), "watchdog belongs to notify: true", "add notify: true, or take watchdog away")
	}
}

// isWebAddress is whether text is a URL that can be called.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	return u.Port() == "" && !strings.HasSuffix(u.Host, ":") || isPort(u.Port())
}

// isAddress is whether text is host:port.
func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	return err == nil && isPort(port)
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// deployment reads how the unit is replaced.
func (d *decoder) deployment(o object, u *Unit) {
	n := o.get("deployment")
	if n == nil {
		return
	}
	p := d.object(n, "deployment", deploymentKeys)
	u.Deployment.Strategy = p.word("strategy", "immediate")
	u.Deployment.PreStart = p.text("pre_start")
	u.Deployment.GracePeriod = p.duration("grace_period", 0)
	if !p.has("blue_green") {
		return
	}
	b := d.object(p.get("blue_green"), "blue_green", blueGreenKeys)
	if b.n == nil {
		return
	}
	g := &BlueGreen{EnvVar: b.text("env_var"), SwitchCommand: b.text("switch_command"), SwitchVerify: b.text("switch_verify")}
	slots := b.texts("slots", false)
	if len(slots) != 2 || slots[0] == slots[1] || slots[0] == "" || slots[1] == "" {
		d.errorf(b.pos("slots"), len("slots"), "write slots: [blue, green]", "blue_green needs two different slots")
	} else {
		g.Slots = [2]string{slots[0], slots[1]}
	}
	if b.has("candidate_health_check") {
		g.Candidate = d.healthCheck(b.get("candidate_health_check"), "candidate_health_check")
	}
	if g.EnvVar != "" && !isName(g.EnvVar) {
		d.wrong(b.get("env_var"), fmt.Sprintf("%q cannot be the name of a variable", g.EnvVar), "a name has letters, digits and _")
	}
	if strings.TrimSpace(g.SwitchCommand) == "" {
		d.errorf(p.pos("blue_green"), len("blue_green"), "add switch_command: and a command line", "blue_green needs a switch_command")
	}
	u.Deployment.BlueGreen = g
}
