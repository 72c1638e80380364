package health

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParse(t *testing.T) {
	busy, none := "busy", ""
	for datagram, want := range map[string]message{
		"READY=1":                              {ready: true},
		"READY=1\n":                            {ready: true},
		"STATUS=busy\nREADY=1\nMAINPID=1":      {ready: true, status: &busy},
		"STATUS=":                              {status: &none},
		"STATUS=idle\nSTATUS= bu\x1bsy":        {status: new("bu sy")},
		"READY=0":                              {},
		"READY=1 ":                             {},
		"ready=1":                              {},
		"READY":                                {},
		"":                                     {},
		"\n\n=\n=1":                            {},
		"READY=1\x00":                          {},
		"\xff\xfe":                             {},
		"WATCHDOG=1":                           {alive: true},
		"WATCHDOG=trigger":                     {trigger: true},
		"WATCHDOG_USEC=5":                      {},
		"STOPPING=1":                           {stopping: true},
		"READY=1\nSTOPPING=1":                  {ready: true, stopping: true},
		"STOPPING=1\nREADY=1":                  {ready: true},
		"RELOADING=1\nMONOTONIC_USEC=12":       {},
		"EXTEND_TIMEOUT_USEC=2000000":          {extend: 2 * time.Second},
		"EXTEND_TIMEOUT_USEC=-1":               {},
		"EXTEND_TIMEOUT_USEC=1e9":              {},
		"EXTEND_TIMEOUT_USEC=9999999999999999": {extend: extendLimit},
	} {
		if got := parse([]byte(datagram)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q says %+v, want %+v", datagram, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("READY=1\nSTATUS=x\nEXTEND_TIMEOUT_USEC=18446744073709551615"))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		m := parse(datagram)
		if m.extend < 0 || m.extend > extendLimit {
			t.Errorf("it extends by %v", m.extend)
		}
		if m.status != nil && (strings.ContainsAny(*m.status, "\n\r\x1b\x00") || len(*m.status) > maxStatus+len("…")) {
			t.Errorf("status %q", *m.status)
		}
	})
}

// What is said one after the other is heard as if it were said at once.
func TestMessagesTogether(t *testing.T) {
	for _, c := range []struct{ first, second, both string }{
		{"READY=1", "STATUS=busy", "READY=1\nSTATUS=busy"},
		{"STATUS=busy", "STATUS=idle", "STATUS=idle"},
		{"STOPPING=1", "READY=1", "READY=1"},
		{"READY=1", "STOPPING=1", "READY=1\nSTOPPING=1"},
		{"WATCHDOG=1", "WATCHDOG=trigger", "WATCHDOG=trigger\nWATCHDOG=1"},
		{"EXTEND_TIMEOUT_USEC=5", "EXTEND_TIMEOUT_USEC=3", "EXTEND_TIMEOUT_USEC=5"},
	} {
		got := parse([]byte(c.first)).then(parse([]byte(c.second)))
		if want := parse([]byte(c.both)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q and %q say %+v, want %+v", c.first, c.second, got, want)
		}
	}
}

func TestNotifyEnv(t *testing.T) {
	if got := (Notify{}).Env("/run/n"); !slices.Equal(got, []string{"NOTIFY_SOCKET=/run/n"}) {
		t.Error(got)
	}
	got := Notify{Watchdog: 10 * time.Second}.Env("/run/n")
	if !slices.Equal(got, []string{"NOTIFY_SOCKET=/run/n", "WATCHDOG_USEC=10000000"}) {
		t.Error(got)
	}
}

// script is what a service says, and when.
type script map[time.Duration]string

// vigilOf runs a watch by notify for 59 s of a bubble's clock.
func vigilOf(p Notify, s script) []told {
	var b inboxes
	tree := Tree{Unit: "demo/web", Run: 1}
	p.Inbox = b.open(tree)
	defer p.Inbox.Close()
	for at, words := range s {
		time.AfterFunc(at, func() { b.deliver(tree, parse([]byte(words))) })
	}
	return watched(Spec{Probe: p}, 59*time.Second)
}

// texts are what was told, each with its second.
func texts(list []told) []string {
	var out []string
	for _, r := range list {
		text := r.text()
		switch n := r.news.(type) {
		case Status:
			text = "STATUS=" + n.Text
		case Stopping:
			text = "STOPPING=1"
		case Extend:
			text = "EXTEND " + n.For.String()
		case Result:
			if n.OK {
				text += " ok"
			}
			if n.Final {
				text += " final"
			}
		}
		out = append(out, span(r.at)+" "+text)
	}
	return out
}

func TestNotify(t *testing.T) {
	sec := time.Second
	for name, c := range map[string]struct {
		p    Notify
		says script
		want []string
	}{
		"nothing is said": {Notify{}, nil, nil},
		"ready for good":  {Notify{}, script{3 * sec: "READY=1"}, []string{"3s READY=1 ok"}},
		"without a watchdog nobody barks": {
			Notify{}, script{3 * sec: "READY=1", 4 * sec: "WATCHDOG=1"}, []string{"3s READY=1 ok"},
		},
		"status and more time": {
			Notify{},
			script{sec: "STATUS=loading\nEXTEND_TIMEOUT_USEC=60000000", 5 * sec: "READY=1\nSTATUS=up"},
			[]string{"1s STATUS=loading", "1s EXTEND 1m0s", "5s STATUS=up", "5s READY=1 ok"},
		},
		"a watchdog begins when it is ready": {
			Notify{Watchdog: 20 * sec},
			script{5 * sec: "WATCHDOG=1", 30 * sec: "READY=1"},
			[]string{"30s READY=1 ok", "50s no WATCHDOG=1 for 20s final"},
		},
		"fed in time, and then not": {
			Notify{Watchdog: 20 * sec},
			script{0: "READY=1", 15 * sec: "WATCHDOG=1", 40 * sec: "WATCHDOG=1"},
			[]string{"0s READY=1 ok", "15s WATCHDOG=1 ok", "35s no WATCHDOG=1 for 20s final", "40s WATCHDOG=1 ok"},
		},
		"silence goes on": {
			Notify{Watchdog: 20 * sec},
			script{0: "READY=1"},
			[]string{"0s READY=1 ok", "20s no WATCHDOG=1 for 20s final", "40s no WATCHDOG=1 for 20s final"},
		},
		"it pulls the trigger": {
			Notify{Watchdog: 50 * sec},
			script{0: "READY=1", 5 * sec: "WATCHDOG=trigger"},
			[]string{"0s READY=1 ok", "5s it says WATCHDOG=trigger final", "50s no WATCHDOG=1 for 50s final"},
		},
		"who is stopping may be silent": {
			Notify{Watchdog: 20 * sec},
			script{0: "READY=1", 5 * sec: "STOPPING=1"},
			[]string{"0s READY=1 ok", "5s STOPPING=1"},
		},
		"adopted when it was ready": {
			Notify{Watchdog: 50 * sec, Ready: true}, nil, []string{"50s no WATCHDOG=1 for 50s final"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := texts(vigilOf(c.p, c.says)); !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// Of a flood the last word arrives, and few between.
func TestNotifyGathersAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		says := script{}
		for i := range 10_000 {
			says[time.Duration(i)*time.Millisecond/10] = "STATUS=" + strings.Repeat("i", i%200)
		}
		says[time.Second] = "READY=1\nSTATUS=done"
		got := texts(vigilOf(Notify{}, says))
		if !slices.Contains(got, "1s STATUS=done") || len(got) > 400 {
			t.Errorf("%d reports, the last are %q", len(got), got[len(got)-3:])
		}
	})
}

// A report that blocks, and a watch that is over, hold up no delivery.
func TestDeliveryNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b inboxes
		tree := Tree{Unit: "demo/web", Run: 1}
		inbox := b.open(tree)
		ctx, cancel := context.WithCancel(t.Context())
		blocked := make(chan struct{})
		go Watch(ctx, Spec{Probe: Notify{Inbox: inbox}}, func(News) { <-blocked })
		for range 1000 {
			b.deliver(tree, message{ready: true})
		}
		cancel()
		close(blocked)
		synctest.Wait()
		b.deliver(tree, message{ready: true})
		inbox.Close()
		inbox.Close()
		b.deliver(tree, message{ready: true})
	})
}
