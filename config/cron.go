package config

import "strings"

// cron reads when a job runs.
func (d *decoder) cron(o object, u *Unit) {
	if !o.has("cron") {
		return
	}
	oneshot := u.Kind == Oneshot
	u.Kind = CronJob
	c := d.object(o.get("cron"), "cron", cronKeys)
	if c.n == nil {
		return
	}
	u.Cron = &Cron{
		Expression: strings.TrimSpace(c.filled("expression")), Timezone: c.filled("timezone"),
		Overlap: c.word("overlap", "skip"),
		Timeout: c.duration("timeout", 0), Jitter: c.duration("jitter", 0),
		CatchUp: c.word("catch_up", "none"),
		History: c.integer("history", 10),
	}
	if !c.given("expression") {
		d.errorf(o.pos("cron"), len("cron"), `add expression: "0 0 * * * *"`, "cron needs an expression")
	}
	expression := c.get("expression")
	if u.Cron.Expression == "" {
		expression = nil
	}
	d.schedule(expression, c.get("timezone"), u.Cron)
	d.cronAlone(o, u, oneshot)
}

// cronAlone notes what a job cannot have beside its clock.
func (d *decoder) cronAlone(o object, u *Unit, oneshot bool) {
	if u.Restart != RestartNever {
		d.errorf(o.pos("restart_policy"), len("restart_policy"), "take one of them away: the clock starts a job", "the cron job %s has restart_policy %s", u.Name, u.Restart)
	}
	at := o
	if !o.has("health_check") {
		at = object{d: d, n: o.get("deployment")}
	}
	if u.Health != nil {
		d.errorf(at.pos("health_check"), len("health_check"), "take it away: a job ends by itself", "the cron job %s has a health_check", u.Name)
	}
	if oneshot {
		d.wrong(o.get("type"), "a cron job cannot be a oneshot too", "take type away")
	}
}
