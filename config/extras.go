package config

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "time/tzdata" // Time zones are checked on machines that have none.

	cron "github.com/netresearch/go-cron"
)

// extras reads what stands beside the unit itself.
func (d *decoder) extras(o object, u *Unit) {
	d.sockets(o, u)
	d.hooks(o, u)
	if o.has("spawn") {
		s := d.object(o.get("spawn"), "spawn", spawnKeys)
		l := d.object(s.get("limits"), "limits of spawn", spawnKeys[1].keys)
		u.Spawn = &Spawn{
			Mode:     s.word("mode", "dynamic", []string{"dynamic"}),
			Children: l.integer("children", 0, 0, 1_000_000), Depth: l.integer("depth", 0, 0, 1000),
			Descendants: l.integer("descendants", 0, 0, 1_000_000),
		}
	}
	if o.has("watch") {
		w := d.object(o.get("watch"), "watch", watchKeys)
		u.Watch = &Watch{Ignore: w.texts("ignore", true), Debounce: w.duration("debounce", 200*time.Millisecond)}
		for _, p := range w.texts("paths", true) {
			u.Watch.Paths = append(u.Watch.Paths, d.path(p))
		}
		if len(u.Watch.Paths) == 0 {
			d.errorf(o.pos("watch"), len("watch"), "add paths: [src]", "watch needs paths")
		}
	}
}

// hooks reads version 1's on_start and its like, and version 2's onstart and
// onerr.
func (d *decoder) hooks(o object, u *Unit) {
	if !o.has("hooks") {
		return
	}
	h := d.object(o.get("hooks"), "hooks", hookKeys)
	for _, on := range []string{"start", "stop", "restart"} {
		at := h.get("on_" + on)
		outcomes := d.object(at, "on_"+on, outcomeKeys)
		for _, outcome := range []string{"success", "error"} {
			if n := outcomes.get(outcome); n != nil {
				u.Hooks = append(u.Hooks, d.hook(n, on, outcome))
			}
		}
	}
	for name, outcome := range map[string]string{"onstart": "success", "onerr": "error"} {
		if n := h.get(name); n != nil {
			u.Hooks = append(u.Hooks, d.hook(n, "start", outcome))
		}
	}
}

// The defaults of a hook.
const (
	defaultHookTimeout    = 30 * time.Second
	defaultWebhookTimeout = 10 * time.Second
	defaultWebhookRetries = 5
)

func (d *decoder) hook(n *node, on, outcome string) Hook {
	hook := Hook{On: on, Outcome: outcome, Timeout: defaultHookTimeout}
	if n.kind == scalarNode {
		hook.Command, _ = d.text(n, "a hook")
		return hook
	}
	o := d.object(n, "a hook", reactionKeys)
	hook.Command = o.text("command")
	hook.Timeout = o.positive("timeout", defaultHookTimeout)
	if o.has("webhook") {
		w := d.object(o.get("webhook"), "webhook", webhookKeys)
		hook.Webhook = &Webhook{
			URL: w.text("url"), Secret: w.text("secret"),
			Timeout: w.positive("timeout", defaultWebhookTimeout), Retries: w.integer("retries", defaultWebhookRetries, 0, 1000),
		}
		for _, p := range w.vars("headers") {
			value, _ := d.text(p.n, "header "+p.name)
			hook.Webhook.Headers = append(hook.Webhook.Headers, EnvVar{Name: p.name, Value: value})
		}
		if t, err := url.Parse(hook.Webhook.URL); err != nil || t.Host == "" || t.Scheme != "http" && t.Scheme != "https" {
			d.errorf(o.pos("webhook"), len("webhook"), "it is like https://example.org/hook", "a webhook needs a url")
		}
	}
	if hook.Command == "" && hook.Webhook == nil {
		d.errorf(n.pos, 1, "add command: or webhook:", "the hook does nothing")
	}
	return hook
}

// cronParser reads six fields, five, or a descriptor.
var cronParser = cron.MustNewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// cron reads when a job runs.
func (d *decoder) cron(o object, u *Unit) {
	if !o.has("cron") {
		return
	}
	u.Kind = CronJob
	c := d.object(o.get("cron"), "cron", cronKeys)
	u.Cron = &Cron{
		Expression: strings.TrimSpace(c.text("expression")), Timezone: c.text("timezone"),
		Overlap: c.word("overlap", "skip", []string{"skip", "queue", "replace"}),
		Timeout: c.duration("timeout", 0), Jitter: c.duration("jitter", 0),
		CatchUp: c.word("catch_up", "none", []string{"none", "once"}),
		History: c.integer("history", 10, 1, 10_000),
	}
	if n := c.get("expression"); n == nil {
		d.errorf(o.pos("cron"), len("cron"), `add expression: "0 0 * * * *"`, "cron needs an expression")
	} else if _, err := cronParser.Parse(u.Cron.Expression); err != nil {
		d.wrong(n, fmt.Sprintf("cannot read the cron expression: %v", err), "the fields are second minute hour day month weekday, or the last five")
	}
	if n := c.get("timezone"); n != nil {
		if _, err := time.LoadLocation(u.Cron.Timezone); err != nil {
			d.wrong(n, fmt.Sprintf("there is no time zone %q", u.Cron.Timezone), "it is like Europe/Berlin or UTC")
		}
	}
	if u.Restart != RestartNever {
		d.errorf(o.pos("restart_policy"), len("restart_policy"), "take one of them away: the clock starts a job", "the cron job %s has restart_policy %s", u.Name, u.Restart)
	}
	if u.Health != nil {
		d.errorf(o.pos("health_check"), len("health_check"), "take it away: a job ends by itself", "the cron job %s has a health_check", u.Name)
	}
	if n := o.get("type"); n != nil && n.value == string(Oneshot) {
		d.wrong(n, "a cron job cannot be a oneshot too", "take type away")
	}
}
