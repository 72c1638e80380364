package health

import (
	"context"
	"errors"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// told is one report, and when it came.
type told struct {
	at   time.Duration
	news News
}

func (t told) text() string {
	r, ok := t.news.(Result)
	if !ok {
		return ""
	}
	return r.Text
}

// watched runs a watch for a while on a bubble's clock and gives its reports.
// That Watch has returned, and nothing of it is left, the bubble checks.
func watched(s Spec, d time.Duration) []told {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var list []told
	begun := time.Now()
	Watch(ctx, s, func(n News) { list = append(list, told{at: time.Since(begun), news: n}) })
	return list
}

func command(run func(ctx context.Context, n uint64) (string, bool)) Spec {
	return Spec{Probe: Command{Run: run}, Interval: 2 * time.Second, AttemptTimeout: 5 * time.Second}
}

// Before the first success attempts come quickly and then ever slower, so a
// service that is up in no time counts as up in no time.
func TestRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := command(func(_ context.Context, n uint64) (string, bool) { return "", n >= 6 })
		var at []time.Duration
		for _, r := range watched(s, 10*time.Second) {
			at = append(at, r.at)
		}
		ms := time.Millisecond
		if want := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms, 5100 * ms, 7100 * ms, 9100 * ms}; !slices.Equal(at, want) {
			t.Errorf("attempts ended at %v, want %v", at, want)
		}
	})
}

func TestAttemptIsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := command(func(ctx context.Context, _ uint64) (string, bool) {
			<-ctx.Done()
			return "killed by SIGKILL", false
		})
		got := watched(s, 6*time.Second)
		if len(got) != 1 || got[0].at != 5*time.Second || got[0].text() != "command: no answer within 5s" {
			t.Errorf("%+v", got)
		}
	})
}

// A command whose tree cannot be killed goes on being a failure, and no other
// is started beside it.
func TestAttemptThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running, most := 0, 0
		s := command(func(context.Context, uint64) (string, bool) {
			running++
			most = max(most, running)
			time.Sleep(12 * time.Second)
			running--
			return "exit 0", true
		})
		got := watched(s, 11*time.Second)
		var texts []string
		for _, r := range got {
			texts = append(texts, r.text())
		}
		want := []string{
			"command: no answer within 5s", "command: an attempt has not ended for 7s", "command: an attempt has not ended for 9s",
			// The third is due as the watch ends.
		}
		if most != 1 || len(texts) < 3 || !slices.Equal(texts[:3], want) {
			t.Errorf("%d at once: %q", most, texts)
		}
	})
}

func TestAttemptEndsWithTheWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := command(func(ctx context.Context, _ uint64) (string, bool) {
			<-ctx.Done()
			return "", false
		})
		if got := watched(s, time.Second); len(got) != 0 {
			t.Errorf("a watch that was ended reports %+v", got)
		}
	})
}

func TestCommandText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := watched(command(func(context.Context, uint64) (string, bool) { return "exit 1:\n no such\ttable", false }), time.Millisecond)
		if len(got) != 1 || got[0].text() != "command: exit 1: no such table" {
			t.Errorf("%+v", got)
		}
	})
}

// lines is a log that comes line by line, a second apart, and then is quiet.
func lines(log ...Line) func(ctx context.Context) iter.Seq2[Line, error] {
	return func(ctx context.Context) iter.Seq2[Line, error] {
		return func(yield func(Line, error) bool) {
			for _, l := range log {
				if !rest(ctx, time.Second) || !yield(l, nil) {
					return
				}
			}
			<-ctx.Done()
		}
	}
}

func line(text string) Line { return Line{Data: []byte(text)} }

func piece(stream int, text string) Line {
	return Line{Stream: stream, Data: []byte(text), Open: true}
}

func TestLog(t *testing.T) {
	long := strings.Repeat("x", lineLimit)
	for name, c := range map[string]struct {
		match string
		log   []Line
		want  string
		at    time.Duration
	}{
		"a line":                            {"ready to accept", []Line{line("starting"), line("db: ready to accept connections"), line("ready to accept more")}, "the log says: db: ready to accept connections", 2 * time.Second},
		"no line":                           {"ready", []Line{line("read"), line("y")}, "", 0},
		"an empty line":                     {"^$", []Line{line("x"), line("")}, "the log says: ", 2 * time.Second},
		"a prompt without a newline":        {"> $", []Line{piece(1, "db> ")}, "the log says: db>", time.Second},
		"a line in two pieces":              {"is ready", []Line{piece(1, "db is "), piece(2, "noise"), {Stream: 1, Data: []byte("ready")}}, "the log says: db is ready", 3 * time.Second},
		"pieces of different streams":       {"is ready", []Line{piece(1, "db is "), {Stream: 2, Data: []byte("ready")}}, "", 0},
		"a long line, piece by piece":       {"ready", []Line{piece(1, long), piece(1, "rea"), {Stream: 1, Data: []byte("dy")}}, "the log says: ready", 3 * time.Second},
		"a line ends where it says it does": {"ab", []Line{line("a"), line("b")}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := Spec{Probe: Log{Match: regexp.MustCompile(c.match), Lines: lines(c.log...)}, Interval: 2 * time.Second}
				got := watched(s, time.Minute)
				switch {
				case c.want == "" && len(got) > 0:
					t.Errorf("it reports %+v", got)
				case c.want != "" && (len(got) != 1 || got[0].text() != c.want || got[0].at != c.at || !got[0].news.(Result).OK):
					t.Errorf("it reports %+v, want %q at %v", got, c.want, c.at)
				}
			})
		})
	}
}

// A log that cannot be read is a failure, and is read anew.
func TestLogThatBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		try := 0
		p := Log{Match: regexp.MustCompile("ready"), Lines: func(ctx context.Context) iter.Seq2[Line, error] {
			try++
			switch try {
			case 1:
				return func(yield func(Line, error) bool) { yield(Line{}, errors.New("too many open files")) }
			case 2:
				return func(func(Line, error) bool) {}
			}
			return lines(line("ready"))(ctx)
		}}
		var texts []string
		for _, r := range watched(Spec{Probe: p, Interval: 2 * time.Second}, time.Minute) {
			texts = append(texts, r.text())
		}
		want := []string{"cannot read the log: too many open files", "the log ended, and no line matches /ready/", "the log says: ready"}
		if !slices.Equal(texts, want) {
			t.Errorf("%q", texts)
		}
	})
}
