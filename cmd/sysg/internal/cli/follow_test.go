package cli

import (
	"slices"
	"testing"
	"time"

	"systemg/ipc"
)

// A follower that asks the next supervisor from the last line on prints each line
// once, in blocks or one by one.
func TestResumedLinesArePrintedOnce(t *testing.T) {
	at := func(secs int64, text string) ipc.LogLine {
		return ipc.LogLine{Unit: "a/b", Kind: "stdout", Time: time.Unix(secs, 0), Text: text}
	}
	for name, c := range map[string]struct{ before, after []ipc.LogLine }{
		"lines":           {[]ipc.LogLine{at(1, "a"), at(2, "b"), at(2, "c")}, []ipc.LogLine{at(1, "a"), at(2, "b"), at(2, "c"), at(2, "d"), at(3, "e")}},
		"blocks":          {[]ipc.LogLine{at(1, "a"), at(2, "b\nc")}, []ipc.LogLine{at(1, "a"), at(2, "b\nc\nd"), at(3, "e")}},
		"larger blocks":   {[]ipc.LogLine{at(1, "a"), at(2, "b"), at(2, "c")}, []ipc.LogLine{at(1, "a"), at(2, "b\nc\nd"), at(3, "e")}},
		"smaller blocks":  {[]ipc.LogLine{at(1, "a"), at(2, "b\nc")}, []ipc.LogLine{at(1, "a"), at(2, "b"), at(2, "c"), at(2, "d"), at(3, "e")}},
		"nothing between": {[]ipc.LogLine{at(1, "a"), at(2, "b\nc\nd"), at(3, "e")}, []ipc.LogLine{at(2, "b\nc\nd"), at(3, "e")}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			f := newFollower(nil, ipc.LogsParams{}, func(b ipc.LogBatch) error {
				for _, l := range b.Lines {
					for one := range l.Each {
						got = append(got, one.Text)
					}
				}
				return nil
			})
			for _, part := range [][]ipc.LogLine{c.before, c.after} {
				if err := f.batch(ipc.LogBatch{Lines: part}); err != nil {
					t.Fatal(err)
				}
				f.resume()
			}
			if want := []string{"a", "b", "c", "d", "e"}; !slices.Equal(got, want) {
				t.Errorf("printed %q", got)
			}
		})
	}
}

// What rotated away while nobody was connected is told of where it would have been,
// and only then.
func TestAGapIsTold(t *testing.T) {
	at := func(secs int64, text string) ipc.LogLine {
		return ipc.LogLine{Unit: "a/b", Kind: "stdout", Time: time.Unix(secs, 0), Text: text}
	}
	other := func(secs int64) ipc.LogLine {
		return ipc.LogLine{Unit: "a/c", Kind: "stdout", Time: time.Unix(secs, 0), Text: "other"}
	}
	for name, c := range map[string]struct {
		before, after []ipc.LogLine
		gap           bool
	}{
		"the last line is there":        {[]ipc.LogLine{at(1, "a"), at(2, "b")}, []ipc.LogLine{at(1, "a"), at(2, "b"), at(3, "c")}, false},
		"one of the last lines is":      {[]ipc.LogLine{at(1, "a"), at(2, "b\nc")}, []ipc.LogLine{at(2, "c"), at(3, "d")}, false},
		"the last line is gone":         {[]ipc.LogLine{at(1, "a"), at(2, "b")}, []ipc.LogLine{at(4, "e"), at(5, "f")}, true},
		"nothing came, and a new unit":  {[]ipc.LogLine{at(1, "a")}, []ipc.LogLine{at(1, "a"), other(2)}, false},
		"long before it was asked from": {[]ipc.LogLine{at(1, "a"), other(60)}, []ipc.LogLine{other(60), at(61, "b")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var skipped []ipc.LogSkip
			f := newFollower(nil, ipc.LogsParams{}, func(b ipc.LogBatch) error {
				skipped = append(skipped, b.Skipped...)
				return nil
			})
			for _, part := range [][]ipc.LogLine{c.before, c.after} {
				if err := f.batch(ipc.LogBatch{Lines: part}); err != nil {
					t.Fatal(err)
				}
				f.resume()
			}
			if got := len(skipped) > 0; got != c.gap {
				t.Errorf("skipped: %+v", skipped)
			}
		})
	}
}
