package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// guides are the manuals whose every manifest is followed by commands that
// work with it.
var guides = []string{"health", "deployments", "dependencies", "cron"}

// The examples of the manuals do what they say: each manifest is written to a
// folder of its own, and the commands below it have to succeed.
func TestGuides(t *testing.T) {
	dir := t.TempDir()
	for _, name := range guides {
		text, err := os.ReadFile(filepath.Join("../../docs", name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "```yaml\n")[1:] {
			manifest, rest, _ := strings.Cut(part, "```")
			_, rest, found := strings.Cut(rest, "```sh\n")
			commands, _, _ := strings.Cut(rest, "```")
			if !found {
				t.Fatalf("%s: manifest %d has no commands", name, i+1)
			}
			var script strings.Builder
			for line := range strings.Lines(commands) {
				script.WriteString("exec " + line)
			}
			script.WriteString("-- systemg.yaml --\n" + manifest)
			path := filepath.Join(dir, fmt.Sprintf("%s-%d.txtar", name, i+1))
			if err := os.WriteFile(path, []byte(script.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: ownHome})
}
