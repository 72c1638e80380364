package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Numbers of the large logs that nobody reads to the end.
const (
	largeUnits    = 8
	largeSegments = 3
	segmentBytes  = 64 << 20
	// largeMemory is what they may cost together, in KiB.
	largeMemory = 128 << 10
)

// Followers that never read cost a bounded amount of memory each, however large
// the logs are, and however long their lines.
func TestStuckFollowersOfLargeLogs(t *testing.T) {
	long(t, "6 s")
	for name, line := range map[string]int{"100 bytes": 100, "40 KiB": 40 << 10, "1 MiB": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			var manifest strings.Builder
			manifest.WriteString("version: \"1\"\nproject: large\nservices:\n")
			for i := range largeUnits {
				fmt.Fprintf(&manifest, "  u%d: {command: 'exec sleep 1000', logs: {max_bytes: 64M, max_files: 4}}\n", i)
			}
			h := newHouse(t, manifest.String())
			text := bytes.Repeat([]byte(strings.Repeat("x", line-1)+"\n"), 2<<20/line)
			dir := filepath.Join(h.state, "logs", "large")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			// The segments share what they have in common: a hole.
			for i := range largeUnits {
				for n := range largeSegments {
					path := filepath.Join(dir, fmt.Sprintf("u%d_stdout.log", i))
					if n > 0 {
						path += fmt.Sprintf(".%d", n)
					}
					if err := os.WriteFile(path, text, 0o600); err != nil {
						t.Fatal(err)
					}
					if err := os.Truncate(path, segmentBytes); err != nil {
						t.Fatal(err)
					}
				}
			}
			h.start()
			pid := h.status().Supervisor.PID
			before := resident(t, pid)
			for range frozenProcesses {
				said, leave := h.visitors("frozen")
				defer leave()
				if !said.Scan() {
					t.Fatal("a frozen client never came")
				}
			}
			h.asked()
			first := resident(t, pid)
			h.asked()
			after := resident(t, pid)
			t.Logf("memory of its own: %d KiB before, %d and %d KiB beside %d followers that never read",
				before, first, after, frozenProcesses*frozenEach)
			if max(first, after) > before+largeMemory {
				t.Errorf("they cost %d KiB", max(first, after)-before)
			}
		})
	}
}
