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
