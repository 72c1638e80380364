package config

import (
	"strings"
	"unicode/utf8"
)

// coherent notes keys of a unit that contradict each other, or count for
// nothing beside each other.
func (d *decoder) coherent(o object, u *Unit) {
	d.coherentHealth(o, u)
	d.coherentDeployment(o, u)
}

// rolls is whether two instances of the unit stand side by side at times.
func (u *Unit) rolls() bool {
	return u.Deployment.Strategy == "rolling" || u.Deployment.BlueGreen != nil
}

func (d *decoder) coherentHealth(o object, u *Unit) {
	h := u.Health
	if h == nil {
		return
	}
	where := o
	if !o.has("health_check") {
		where = object{d: d, n: o.get("deployment")}
	}
	at, span := where.pos("health_check"), len("health_check")
	switch {
	case u.Kind == Oneshot:
		d.errorf(at, span, "take it away, or use type: service", "a oneshot is ready when it has completed: %s cannot have a health_check", u.Name)
	case u.Privileges.Isolation["network"] == "true" && h.URL+h.TCP != "" && len(u.Sockets) == 0:
		d.note(SeverityWarning, at, span, "use command:, which looks from inside, or notify: true",
			"%s has a network of its own, into which its health check by url or tcp cannot look", u.Name)
	case h.Log != "" && u.Logs.Sink == "none":
		d.errorf(at, span, "use logs: {sink: file}, or another health check", "the health check of %s looks at its log, which is not kept", u.Name)
	}
}

func (d *decoder) coherentDeployment(o object, u *Unit) {
	if !o.has("deployment") {
		return
	}
	p := object{d: d, n: o.get("deployment")}
	if p.n.kind != mapNode {
		return
	}
	g := u.Deployment.BlueGreen
	if n := p.get("strategy"); g != nil && n != nil && n.value == "immediate" {
		d.errorf(p.pos("strategy"), len("strategy"), "take strategy away: blue_green rolls by itself", "%s has both blue_green and strategy: %s", u.Name, u.Deployment.Strategy)
	}
	if !u.rolls() && u.Deployment.GracePeriod > 0 {
		d.note(SeverityWarning, p.pos("grace_period"), len("grace_period"), "add strategy: rolling, or take it away",
			"grace_period of %s counts for nothing: the old instance ends before the new one starts", u.Name)
	}
	if u.rolls() && u.Kind == Oneshot {
		d.note(SeverityWarning, p.n.pos, 1, "take it away", "a oneshot is not replaced while it runs: the deployment of %s counts for nothing", u.Name)
	}
	if g != nil && g.EnvVar == "" && g.SwitchCommand != "" && !u.namesSlot() {
		d.note(SeverityWarning, p.pos("blue_green"), len("blue_green"), "add env_var:, or write {candidate_slot} into switch_command",
			"nothing tells the instances of %s, or its switch_command, which slot is meant", u.Name)
	}
}

// namesSlot is whether anything of the unit is told its slot.
func (u *Unit) namesSlot() bool {
	g := u.Deployment.BlueGreen
	texts := []string{g.SwitchCommand, g.SwitchVerify}
	for _, h := range []*HealthCheck{u.Health, g.Candidate} {
		if h != nil {
			texts = append(texts, h.URL, h.TCP, h.Command)
		}
	}
	all := strings.Join(texts, "\n")
	return strings.Contains(all, "{slot}") || strings.Contains(all, "{candidate_slot}")
}

// checkLogged notes a dependency on lines that nobody keeps.
func (d *decoder) checkLogged(u, target *Unit, dep Dependency) {
	if dep.Condition == CondLog && target.Logs.Sink == "none" {
		d.errorf(dep.Pos, utf8.RuneCountInString(dep.Unit), "use logs: {sink: file} there, or another condition", "service %s waits for a line of %s, whose log is not kept", u.Base, dep.Unit)
	}
}
