package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// extras reads what stands beside the unit itself.
func (d *decoder) extras(o object, u *Unit) {
	d.sockets(o, u)
	d.hooks(o, u)
	if o.has("spawn") {
		s := d.object(o.get("spawn"), "spawn", spawnKeys)
		l := d.object(s.get("limits"), "limits of spawn", spawnKeys[1].keys)
		u.Spawn = &Spawn{
			Mode:     s.word("mode", "dynamic"),
			Children: l.integer("children", 100), Depth: l.integer("depth", 3),
			Descendants: l.integer("descendants", 500),
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

// sockets reads the list of listening sockets.
func (d *decoder) sockets(o object, u *Unit) {
	n := o.get("sockets")
	if n == nil {
		return
	}
	if n.kind != listNode {
		d.wrong(n, fmt.Sprintf("sockets has to be a list, not %s", n.kind), `write [{listen: "tcp://127.0.0.1:8080"}]`)
		return
	}
	for i, item := range n.items {
		if item.kind == nullNode && !item.bad {
			d.wrong(item, fmt.Sprintf("entry %d of sockets is empty", i+1), `write {listen: "tcp://127.0.0.1:8080"}`)
		}
		s, ok := d.socket(item)
		if !ok {
			continue
		}
		for _, other := range u.Sockets {
			if sameAddress(s, other) {
				d.errorf(item.pos, 1, "keep one of them", "two sockets of %s listen on %s", u.Name, s.Address)
			}
			if other.Name == s.Name && s.Name != "" {
				d.errorf(item.pos, 1, "give one of them another name", "two sockets of %s are called %q", u.Name, s.Name)
			}
		}
		u.Sockets = append(u.Sockets, s)
	}
}

func (d *decoder) socket(n *node) (Socket, bool) {
	o := d.object(n, "a socket", socketKeys)
	if o.n == nil {
		return Socket{}, false
	}
	s := Socket{Name: o.text("name"), User: o.text("user")}
	if strings.ContainsFunc(s.Name, func(r rune) bool { return r == ':' || r <= ' ' || r >= 0x7f }) || len(s.Name) > 255 {
		// sd_listen_fds_with_names(3)
		d.wrong(o.get("name"), fmt.Sprintf("a socket cannot be called %q", s.Name), "a name has no colon, blank or letter beyond ASCII, and at most 255 characters")
	}
	listen, ok := d.text(o.get("listen"), "listen")
	switch scheme, address, _ := strings.Cut(listen, "://"); {
	case !ok && !o.given("listen"):
		d.errorf(n.pos, 1, `add listen: "tcp://127.0.0.1:8080"`, "the socket does not say where it listens")
	case !ok:
		// It could not be read, which is told already.
	case scheme == "tcp" && isAddress(address):
		s.Network, s.Address = "tcp", address
	case scheme == "unix" && filepath.IsAbs(address):
		s.Network, s.Address = "unix", address
	default:
		ok = false
		d.wrong(o.get("listen"), fmt.Sprintf("cannot listen on %q", listen), "it is like tcp://127.0.0.1:8080 or unix:///run/app.sock")
	}
	if mode := o.get("mode"); mode != nil {
		text := o.text("mode")
		v, err := strconv.ParseUint(strings.TrimPrefix(text, "0o"), 8, 32)
		if err != nil || v > 0o777 {
			d.wrong(mode, fmt.Sprintf("cannot read the mode %q", text), "it is like 0660")
		}
		s.Mode = os.FileMode(v)
	}
	for _, name := range []string{"mode", "user"} {
		if s.Network == "tcp" && o.has(name) {
			d.errorf(o.pos(name), len(name), "take it away", "%s is for Unix sockets, and this one listens on tcp", name)
		}
	}
	return s, ok
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
	for _, old := range []struct{ name, outcome string }{{"onstart", "success"}, {"onerr", "error"}} {
		n := h.get(old.name)
		if n == nil {
			continue
		}
		if slices.ContainsFunc(u.Hooks, func(k Hook) bool { return k.On == "start" && k.Outcome == old.outcome }) {
			d.errorf(h.pos(old.name), len(old.name), "keep one of them", "%s is the same as on_start.%s", old.name, old.outcome)
		}
		u.Hooks = append(u.Hooks, d.hook(n, "start", old.outcome))
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
		s, ok := d.text(n, "a hook")
		if ok && strings.TrimSpace(s) == "" {
			d.wrong(n, "the hook does nothing", "write a command line")
		}
		hook.Command = s
		return hook
	}
	o := d.object(n, "a hook", reactionKeys)
	if o.n == nil {
		return hook
	}
	hook.Command = o.filled("command")
	hook.Timeout = o.duration("timeout", defaultHookTimeout)
	if o.has("webhook") {
		hook.Webhook = d.webhook(o)
	}
	if !o.given("command") && !o.given("webhook") {
		d.errorf(n.pos, 1, "add command: or webhook:", "the hook does nothing")
	}
	return hook
}

func (d *decoder) webhook(o object) *Webhook {
	w := d.object(o.get("webhook"), "webhook", webhookKeys)
	if w.n == nil {
		return nil
	}
	hook := &Webhook{
		URL: w.filled("url"), Secret: w.text("secret"),
		Timeout: w.duration("timeout", defaultWebhookTimeout), Retries: w.integer("retries", defaultWebhookRetries),
	}
	for _, p := range w.vars("headers") {
		value, _ := d.text(p.n, "header "+p.name)
		hook.Headers = append(hook.Headers, EnvVar{Name: p.name, Value: value})
	}
	switch {
	case !w.given("url"):
		d.errorf(o.pos("webhook"), len("webhook"), "add url: https://example.org/hook", "the webhook has no url")
	case w.has("url") && hook.URL != "" && !isWebAddress(hook.URL):
		d.wrong(w.get("url"), fmt.Sprintf("cannot read the url %q", hook.URL), "it is like https://example.org/hook")
	}
	return hook
}
