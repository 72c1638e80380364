package logs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A follower that takes nothing holds nothing that was read ahead: one that is new
// never does, one that has taken much not for long. It goes on where it was.
func TestAStuckFollowerHoldsNothing(t *testing.T) {
	const files = 3
	dir := t.TempDir()
	var list []File
	var want [files]bytes.Buffer
	for i := range files {
		for n := range 300 {
			fmt.Fprintf(&want[i], "%d %s\n", n, strings.Repeat("x", (n*n)%5000))
		}
		// The last one has no end yet.
		want[i].WriteString(strings.Repeat("y", 200_000) + "\n" + strings.Repeat("z", 5000))
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, want[i].Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		list = append(list, File{Path: path})
	}
	synctest.Test(t, func(t *testing.T) {
		var got [files]bytes.Buffer
		var r *reading
		batches, stuck := 0, 0
		emit := func(lines []Line, _ []Skip) error {
			for _, l := range lines {
				got[l.File].Write(l.Data)
				if !l.Open {
					got[l.File].WriteByte('\n')
				}
			}
			wary := r.wary()
			if batches++; !wary && batches%3 != 0 {
				return nil
			}
			if !wary {
				time.Sleep(2 * parkAfter)
				stuck++
			}
			r.shelf.begin()
			defer r.shelf.end()
			for i, c := range r.cursors {
				if len(r.merge.heads) > 0 || len(c.buf) > 0 {
					t.Errorf("batch %d: file %d has %d bytes at hand, and %d lines wait", batches, i, len(c.buf), len(r.merge.heads))
				}
			}
			return nil
		}
		r = newReading(list, Query{Lines: -1, Follow: true}, nil, emit)
		defer r.close()
		if err := r.begin(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := r.run(ctx, nil); err != nil {
			t.Fatal(err)
		}
		for i := range files {
			if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
				t.Errorf("file %d: %d bytes came, and there are %d", i, got[i].Len(), want[i].Len())
			}
		}
		if stuck < 3 {
			t.Errorf("it was stuck %d times, in %d batches", stuck, batches)
		}
	})
}
