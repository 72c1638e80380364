package config

import (
	"fmt"
	"strings"
	"time"

	_ "time/tzdata" // Time zones are checked on machines that have none.

	cron "github.com/netresearch/go-cron"
)

// cronParser reads six fields, five, or a descriptor. It looks as far ahead
// as it takes to meet each date on each day of the week.
var cronParser = cron.MustNewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor).
	WithMaxSearchYears(40)

// cronEpoch is where the search for a date begins: every date in every
// weekday is met in the 28 years after it.
var cronEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

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
	if u.Cron.Expression != "" {
		d.cronExpression(c.get("expression"), u.Cron.Expression)
	}
	if u.Cron.Timezone != "" {
		if _, err := time.LoadLocation(u.Cron.Timezone); err != nil {
			d.wrong(c.get("timezone"), fmt.Sprintf("there is no time zone %q", u.Cron.Timezone), "it is like Europe/Berlin or UTC")
		}
	}
	d.cronAlone(o, u, oneshot)
}

// cronExpression notes an expression that cannot be read, or is never due.
func (d *decoder) cronExpression(n *node, expression string) {
	if strings.HasPrefix(expression, "TZ=") || strings.HasPrefix(expression, "CRON_TZ=") {
		d.wrong(n, "a time zone cannot stand in the expression", "write timezone: beside it")
		return
	}
	schedule, err := cronParser.Parse(expression)
	if err != nil {
		d.wrong(n, fmt.Sprintf("cannot read the cron expression: %v", err), "the fields are second minute hour day month weekday, or the last five")
		return
	}
	if schedule.Next(cronEpoch).IsZero() {
		d.note(SeverityWarning, n.pos, len(n.value), "the fields are second minute hour day month weekday", "the cron expression %q is never due", expression)
	}
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
