package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// extras reads what stands beside the unit itself.
func (d *decoder) extras(o object, u *Unit) {
	if n := o.get("sockets"); n != nil {
		if n.kind != listNode {
			d.wrong(n, fmt.Sprintf("sockets has to be a list, not %s", n.kind), "")
		}
		for _, item := range n.items {
			u.Sockets = append(u.Sockets, d.socket(item))
		}
	}
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

func (d *decoder) socket(n *node) Socket {
	o := d.object(n, "a socket", socketKeys)
	s := Socket{Name: o.text("name"), User: o.text("user")}
	listen := o.text("listen")
	switch scheme, address, _ := strings.Cut(listen, "://"); {
	case scheme == "tcp" && isAddress(address):
		s.Network, s.Address = "tcp", address
	case scheme == "unix" && filepath.IsAbs(address):
		s.Network, s.Address = "unix", address
	default:
		d.errorf(n.pos, 1, "it is like tcp://127.0.0.1:8080 or unix:///run/app.sock", "cannot listen on %q", listen)
	}
	if mode := o.get("mode"); mode != nil {
		text := o.text("mode")
		v, err := strconv.ParseUint(strings.TrimPrefix(text, "0o"), 8, 32)
		if err != nil || v > 0o777 {
			d.wrong(mode, fmt.Sprintf("cannot read the mode %q", text), "it is like 0660")
		}
		s.Mode = os.FileMode(v)
	}
	return s
}

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	n, bad := strconv.Atoi(port)
	return err == nil && bad == nil && n > 0 && n < 65536
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
	if c.get("expression") == nil {
		d.errorf(o.pos("cron"), len("cron"), `add expression: "0 0 * * * *"`, "cron needs an expression")
	}
	d.schedule(c.get("expression"), c.get("timezone"), u.Cron)
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
