package logs

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A line that the index does not speak of yet gets no later time than it may have
// in the end: in a flood that of the line before, after a silence the file's.
func TestNoLineIsFromLaterThanItWillBe(t *testing.T) {
	at := time.Date(2026, 1, 31, 14, 30, 5, 0, time.UTC)
	for name, c := range map[string]struct{ silence, want time.Duration }{
		"in a flood":      {50 * time.Millisecond, 0},
		"after a silence": {time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.log")
			index := record{kind: kindTime, at: 4, value: at.UnixNano()}.append(headRecord(0, 0).append(nil))
			for name, data := range map[string][]byte{path: []byte("one\ntwo\n"), indexPath(path, 0): index} {
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chtimes(path, time.Time{}, at.Add(c.silence)); err != nil {
				t.Fatal(err)
			}
			var got []time.Duration
			err := Read(context.Background(), []File{{Unit: "a", Kind: "stdout", Path: path}}, Query{Lines: -1}, nil,
				func(lines []Line, _ []Skip) error {
					for _, l := range lines {
						got = append(got, l.Time.Sub(at))
					}
					return nil
				})
			if err != nil || len(got) != 2 || got[0] != 0 || got[1] != c.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
