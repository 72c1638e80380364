package logs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

func TestNeedles(t *testing.T) {
	for pattern, want := range map[string]string{
		"error":                      "[error]",
		"^error: (.*) at":            "[error: ]",
		"a|bc":                       "[a bc]",
		"error|errno":                "[err]",
		"(timeout|refused)$":         "[timeout refused]",
		"x+(abc)+":                   "[abc]",
		"(ab){2,}":                   "[ab]",
		`\.go:\d+`:                   "[.go:]",
		"(?i)error":                  "[]",
		"a?b*":                       "[]",
		"[xyz]":                      "[]",
		"a|":                         "[]",
		"":                           "[]",
		"\ufffd":                     "[]",
		"aa|bb|cc|dd|ee|ff|gg|hh|ii": "[]",
	} {
		if got := fmt.Sprintf("%s", needles(regexp.MustCompile(pattern))); got != want {
			t.Errorf("%q needs %s, want %s", pattern, got, want)
		}
	}
}

// The lines that a pattern matches are the same whether its needles are looked for
// or every line is matched.
func TestGrepWithAndWithoutNeedles(t *testing.T) {
	for seed := range uint64(4) {
		path := filepath.Join(t.TempDir(), "a.log")
		writeRandom(t, path, rand.New(rand.NewPCG(seed, 1)))
		for _, pattern := range []string{"abc", "ab.*yz", "^(abc|xyz|nn)", "q+q$", "abcdefghijkl"} {
			grep := regexp.MustCompile(pattern)
			with := matches(t, path, Query{Lines: -1, Grep: grep}, needles(grep))
			without := matches(t, path, Query{Lines: -1, Grep: grep}, nil)
			if !slices.Equal(with, without) {
				t.Errorf("seed %d, %q: %d lines, want %d", seed, pattern, len(with), len(without))
			}
		}
	}
}

// matches is where the lines begin that are wanted.
func matches(t *testing.T, path string, q Query, needles [][]byte) []place {
	t.Helper()
	c := &cursor{path: path, q: q, needles: needles, chunk: mostChunk, shelf: new(shelf)}
	c.shelf.begin()
	defer c.shelf.end()
	defer c.close()
	if err := c.find(); err != nil {
		t.Fatal(err)
	}
	all, err := c.places(math.MaxInt32, true)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
