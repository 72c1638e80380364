package health

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// spawned is when every run of these tests begins.
var spawned = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// after is a moment so many seconds into the run.
func after(seconds float64) time.Time {
	return spawned.Add(time.Duration(seconds * float64(time.Second)))
}

func well(at float64) News { return Result{OK: true, Text: "200 OK", Time: after(at)} }

func ill(at float64) News {
	return Result{Text: "tcp 127.0.0.1:1: connection refused", Time: after(at)}
}

// clock is the passing of time without news.
type clock struct {
	News
	at float64
}

func later(at float64) News { return clock{at: at} }

func play(t Tally, news ...News) Tally {
	for _, n := range news {
		if c, ok := n.(clock); ok {
			t = t.Expire(after(c.at))
			continue
		}
		t = t.Hear(n)
	}
	return t
}

// slow is a service that may take 30 s: three failures every two seconds are
// reached long before.
var slow = Policy{Retries: 3, Timeout: 30 * time.Second}

func TestTally(t *testing.T) {
	const refused = "tcp 127.0.0.1:1: connection refused"
	warm := Policy{Retries: 2, Timeout: 30 * time.Second, StartPeriod: time.Minute}
	for name, c := range map[string]struct {
		policy Policy
		news   []News
		want   Health
		reason string
	}{
		"nothing has come":            {slow, nil, Waiting, "no answer yet"},
		"the first success":           {slow, []News{well(1)}, Healthy, ""},
		"20 s of failures":            {slow, []News{ill(2), ill(4), ill(6), ill(8), ill(20)}, Waiting, refused},
		"20 s of failures, then well": {slow, []News{ill(2), ill(4), ill(6), ill(8), ill(20), well(22)}, Healthy, ""},
		"the time is up":              {slow, []News{ill(28), later(30)}, Unhealthy, "not healthy after 30s: " + refused},
		"the time is nearly up":       {slow, []News{ill(28), later(29.9)}, Waiting, refused},
		"a failure past the time":     {slow, []News{ill(31)}, Unhealthy, "not healthy after 30s: " + refused},
		"the time is up in silence":   {slow, []News{later(30)}, Unhealthy, "not healthy after 30s: no answer yet"},
		"late, but well":              {slow, []News{later(30), well(31)}, Healthy, ""},
		"two failures of three":       {slow, []News{well(1), ill(3), ill(5)}, Healthy, "failure 2 of 3: " + refused},
		"three failures":              {slow, []News{well(1), ill(3), ill(5), ill(7)}, Unhealthy, "unhealthy after 3 failures in a row: " + refused},
		"not in a row":                {slow, []News{well(1), ill(3), ill(5), well(7), ill(9), ill(11)}, Healthy, "failure 2 of 3: " + refused},
		"one success is enough":       {slow, []News{well(1), ill(3), ill(5), ill(7), ill(9), well(11)}, Healthy, ""},
		"the timeout is for the start": {
			slow, []News{well(1), later(31), later(3600)}, Healthy, "",
		},
		"a final failure": {
			slow,
			[]News{well(1), Result{Text: "no WATCHDOG=1 for 10s", Final: true, Time: after(11)}},
			Unhealthy, "unhealthy: no WATCHDOG=1 for 10s",
		},
		"a start period longer than the timeout": {warm, []News{ill(31), later(59)}, Waiting, refused},
		"the start period is up":                 {warm, []News{ill(31), later(60)}, Unhealthy, "not healthy after 1m: " + refused},
		"well early, then ill in the start period": {
			warm, []News{well(1), ill(3), ill(5), ill(7)}, Healthy, "",
		},
		"failures after the start period": {warm, []News{well(1), ill(59), ill(61), ill(63)}, Unhealthy, "unhealthy after 2 failures in a row: " + refused},
		"an attempt that began in the start period": {
			warm, []News{well(1), Result{Text: "x", Time: after(61), Took: 2 * time.Second}, ill(63)}, Healthy, "failure 1 of 2: " + refused,
		},
		"asked for more time": {
			slow, []News{Extend{For: 30 * time.Second, Time: after(10)}, later(39)}, Waiting, "no answer yet",
		},
		"asked for more time, and it is up": {
			slow, []News{Extend{For: 30 * time.Second, Time: after(10)}, later(40)}, Unhealthy, "not healthy after 40s: no answer yet",
		},
		"asked for less time than there is": {
			slow, []News{Extend{For: time.Second, Time: after(1)}, later(29)}, Waiting, "no answer yet",
		},
		"asked for more time too late": {
			slow, []News{well(1), Extend{For: time.Hour, Time: after(2)}}, Healthy, "",
		},
		"what it says is no verdict": {slow, []News{well(1), Status{Text: "42 clients"}, Stopping{}}, Healthy, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := play(Begin(c.policy, "no answer yet", spawned), c.news...)
			if got.Health != c.want || got.Reason() != c.reason {
				t.Errorf("%s (%q), want %s (%q)", got.Health, got.Reason(), c.want, c.reason)
			}
		})
	}
}

func TestTallyRemembersWhatWasSaid(t *testing.T) {
	tally := play(Begin(slow, "", spawned), Status{Text: "loading"}, ill(1), well(2), Status{Text: "42 clients"}, Stopping{})
	if tally.Status != "42 clients" || !tally.Stopping || tally.Results != 2 || tally.Last != well(2) || !tally.Since.Equal(after(2)) {
		t.Errorf("%+v", tally)
	}
	if tally = tally.Hear(well(3)); tally.Stopping {
		t.Error("it is ready anew, and still stopping")
	}
}

func TestLate(t *testing.T) {
	given := Begin(slow, "", spawned).Expire(after(30))
	if !given.Late() || given.Hear(well(31)).Late() {
		t.Error("a run is late from its deadline to its first success")
	}
	if play(Begin(slow, "", spawned), well(1), ill(2), ill(3), ill(4)).Late() {
		t.Error("a run that was healthy is never late")
	}
}

// Whatever comes in whatever order.
func TestTallyInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := Policy{
			Retries:     rapid.IntRange(1, 4).Draw(t, "retries"),
			Timeout:     time.Duration(rapid.IntRange(1, 60).Draw(t, "timeout")) * time.Second,
			StartPeriod: time.Duration(rapid.IntRange(0, 60).Draw(t, "period")) * time.Second,
		}
		tally, now, inRow := Begin(policy, "nothing", spawned), 0.0, 0
		for range rapid.IntRange(1, 50).Draw(t, "length") {
			now += float64(rapid.IntRange(0, 10).Draw(t, "seconds"))
			before := tally
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				tally, inRow = tally.Hear(well(now)), 0
				if tally.Health != Healthy {
					t.Fatalf("a success leaves it %s", tally.Health)
				}
			case 1:
				tally = tally.Hear(ill(now))
				inRow++
			case 2:
				tally = tally.Expire(after(now))
			case 3:
				tally = tally.Hear(Status{Text: "busy"})
			}
			switch {
			case (tally.Health == Waiting) != !tally.Deadline.IsZero():
				t.Fatalf("%s with deadline %v", tally.Health, tally.Deadline)
			case before.Health != Waiting && tally.Health == Waiting:
				t.Fatal("it waits again")
			case before.Health == Healthy && tally.Health == Unhealthy && inRow < policy.Retries:
				t.Fatalf("unhealthy after %d failures of %d", inRow, policy.Retries)
			case before.Health != tally.Health && !tally.Since.Equal(after(now)):
				t.Fatalf("since %v, it is %v", tally.Since, after(now))
			case tally.Health == Unhealthy && tally.Reason() == "":
				t.Fatal("unhealthy without a reason")
			}
		}
		stored, err := json.Marshal(tally)
		if err != nil {
			t.Fatal(err)
		}
		var again Tally
		if err := json.Unmarshal(stored, &again); err != nil || !reflect.DeepEqual(again, tally) {
			t.Fatalf("stored and read back it is %+v, not %+v (%v)", again, tally, err)
		}
	})
}

func TestPlainWords(t *testing.T) {
	for words, want := range map[string]string{
		"":                          "",
		" \t down\r\n for\x00 now ": "down for now",
		"\x1b[31mred\x1b[0m":        "[31mred [0m",
		"\xff\xfe":                  "��",
		"für immer":                 "für immer",
		"\u202eabc":                 "abc",
		strings.Repeat("ü", 100):    strings.Repeat("ü", 60) + "…",
	} {
		if got := plain(words, maxText); got != want {
			t.Errorf("%q became %q, want %q", words, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Second: "30s", time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h", 100 * time.Minute: "1h40m",
		250 * time.Millisecond: "250ms", 3_123_456_789: "3.1s", 10 * time.Minute: "10m", 20 * time.Hour: "20h",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
