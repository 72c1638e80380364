package logs

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// writtenLog is a log of lines of 100 bytes, so many of which came at each moment.
func writtenLog(b testing.TB, lines, each int) string {
	path := filepath.Join(b.TempDir(), "a.log")
	line := strings.Repeat("x", 99) + "\n"
	index := runRecord(0, 1, false).append(headRecord(0, 0).append(nil))
	began := time.Now().Add(-time.Hour)
	for i := each; i <= lines; i += each {
		index = record{kind: kindTime, at: int64(i * len(line)), value: began.Add(time.Duration(i) * time.Microsecond).UnixNano()}.append(index)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte(line), lines), 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(indexPath(path, 0), index, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func BenchmarkRead(b *testing.B) {
	const lines = 200_000
	for name, c := range map[string]struct {
		each int
		q    Query
	}{
		"lines":           {1000, Query{Lines: -1}},
		"blocks":          {1000, Query{Lines: -1, Blocks: true}},
		"blocks of one":   {1, Query{Lines: -1, Blocks: true}},
		"grep":            {1000, Query{Lines: -1, Grep: regexp.MustCompile("nothing such")}},
		"grep any":        {1000, Query{Lines: -1, Grep: regexp.MustCompile("[n]othing|such")}},
		"last by pattern": {1000, Query{Lines: 5, Grep: regexp.MustCompile("x")}},
	} {
		b.Run(name, func(b *testing.B) {
			path := writtenLog(b, lines, c.each)
			b.SetBytes(lines * 100)
			for b.Loop() {
				err := Read(context.Background(), []File{{Path: path}}, c.q, nil, func([]Line, []Skip) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
