package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// guides are the manuals whose every manifest is followed by commands that
// work with it.
var guides = []string{"health", "deployments", "dependencies", "cron", "spawn", "hooks", "watch"}

// The examples of the manuals do what they say: each manifest is written to a
// folder of its own, and a shell that gives up at the first command that fails
// runs what is printed below it.
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
			script := "exec sh -e commands.sh\n-- systemg.yaml --\n" + manifest + "-- commands.sh --\n" + commands
			path := filepath.Join(dir, fmt.Sprintf("%s-%d.txtar", name, i+1))
			if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: ownHome})
}

// The checks of a webhook's signature in hooks.md, as printed, take a delivery
// of a supervisor for genuine and everything else for forged.
func TestSignatureSnippets(t *testing.T) {
	dir := t.TempDir()
	script := `
exec sysg start -d
delivered
exec sh check.sh
env SECRET=guessed
! exec sh check.sh
[!exec:python3] skip 'the other half needs python3'
exec python3 check.py
-- systemg.yaml --
version: "1"
services:
  web:
    command: exec sleep 1000
    hooks:
      on_start: {success: {webhook: {url: "${URL}", secret: s3cret}}}
-- check.sh --
` + snippet(t, "```sh\ntest \"sha256=") + `-- check.py --
` + snippet(t, "```python\n") + `
import os
body, header = open("body.json", "rb").read(), os.environ["SIGNATURE"]
assert genuine(b"s3cret", body, header)
assert not genuine(b"guessed", body, header)
assert not genuine(b"s3cret", body + b" ", header)
`
	if err := os.WriteFile(filepath.Join(dir, "webhook.txtar"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	type delivery struct {
		body      []byte
		signature string
	}
	came := make(chan delivery, 1)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		came <- delivery{body: body, signature: r.Header.Get("X-Sysg-Signature")}
	}))
	t.Cleanup(endpoint.Close)
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("URL", endpoint.URL)
			env.Setenv("SECRET", "s3cret")
			return ownHome(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"delivered": func(ts *testscript.TestScript, _ bool, _ []string) {
				d := <-came
				ts.Setenv("SIGNATURE", d.signature)
				ts.Check(os.WriteFile(ts.MkAbs("body.json"), d.body, 0o600))
			},
		},
	})
}

// snippet is the block of hooks.md that begins so, without its fence.
func snippet(t *testing.T, begins string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/hooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), begins)
	if !found {
		t.Fatalf("hooks.md has no block that begins with %q", begins)
	}
	_, first, _ := strings.Cut(begins, "\n")
	block, _, _ := strings.Cut(rest, "```")
	return first + block
}
