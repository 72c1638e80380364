package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLocate(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name        string
		system      bool
		env         map[string]string
		state, logs string
	}{
		{
			name: "home", env: map[string]string{"HOME": "/home/ada"},
			state: "/home/ada/.local/share/systemg", logs: "/home/ada/.local/share/systemg/logs",
		},
		{
			name: "XDG_DATA_HOME before HOME", env: map[string]string{"HOME": "/home/ada", "XDG_DATA_HOME": "/data"},
			state: "/data/systemg", logs: "/data/systemg/logs",
		},
		{
			name: "SYSG_STATE_DIR before all", env: map[string]string{"HOME": "/home/ada", "XDG_DATA_HOME": "/data", "SYSG_STATE_DIR": "/s"},
			state: "/s", logs: "/s/logs",
		},
		{
			name: "system", system: true, env: map[string]string{"HOME": "/root"},
			state: "/var/lib/systemg", logs: "/var/log/systemg",
		},
		{
			name: "system with SYSG_STATE_DIR keeps its logs there", system: true, env: map[string]string{"SYSG_STATE_DIR": "/s"},
			state: "/s", logs: "/s/logs",
		},
		{
			name: "relative to here", env: map[string]string{"SYSG_STATE_DIR": "st"},
			state: filepath.Join(here, "st"), logs: filepath.Join(here, "st", "logs"),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := Locate(test.system, func(k string) string { return test.env[k] })
			if err != nil {
				t.Fatal(err)
			}
			if p.State != test.state || p.Logs != test.logs {
				t.Errorf("got %s and %s, want %s and %s", p.State, p.Logs, test.state, test.logs)
			}
			if want := test.state + "/control.sock"; p.Socket() != want {
				t.Errorf("socket %s, want %s", p.Socket(), want)
			}
		})
	}

	_, err = Locate(false, func(string) string { return "" })
	want := "cannot find the state directory: none of SYSG_STATE_DIR, XDG_DATA_HOME and HOME is set"
	if err == nil || err.Error() != want {
		t.Errorf("without any: %v, want %s", err, want)
	}
}

// A log lies where the contract says, and no name leads out of its directory
// or onto another's file.
func TestLogPaths(t *testing.T) {
	p := at("/s")
	tests := []struct{ project, unit, want string }{
		{"shop", "web.1", "/s/logs/shop/web.1_stdout.log"},
		{"shop", "a_b@c-D", "/s/logs/shop/a_b@c-D_stdout.log"},
		{"..", "../x", "/s/logs/%2E./%2E.%2Fx_stdout.log"},
		{"", "", "/s/logs/%/%_stdout.log"},
		{"supervisor.log", "x", "/s/logs/%73upervisor.log/x_stdout.log"},
	}
	for _, test := range tests {
		if got := p.Log(test.project, test.unit, "stdout"); got != test.want {
			t.Errorf("%q/%q: %s, want %s", test.project, test.unit, got, test.want)
		}
	}

	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if a != b && fileName(a) == fileName(b) {
			t.Fatalf("%q and %q share %s", a, b, fileName(a))
		}
		if got := fileName(a); strings.ContainsAny(got, "/\x00") || strings.HasPrefix(got, ".") {
			t.Fatalf("%q became %q", a, got)
		}
	})
}

func TestThePipesAreTheSameByEveryNameOfTheDirectory(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	a, b := at(dir), at(link)
	t.Cleanup(func() { _ = a.RemovePipes() })
	if a.PipeDir() != b.PipeDir() && a.PipeDir() != filepath.Join(dir, "fifo") {
		t.Errorf("%s and %s", a.PipeDir(), b.PipeDir())
	}
	if a.Identity() != b.Identity() {
		t.Errorf("%s and %s", a.Identity(), b.Identity())
	}
}
