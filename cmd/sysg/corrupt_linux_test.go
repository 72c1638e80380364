package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// damages are what may have become of a file while no supervisor ran.
var damages = []struct {
	name string
	do   func(path string) error
}{
	{"empty", func(path string) error { return os.Truncate(path, 0) }},
	{"cut", func(path string) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return os.Truncate(path, info.Size()/2)
	}},
	{"garbage", func(path string) error { return os.WriteFile(path, []byte("\xff\x00{]garbage\n\"\\"), 0o600) }},
	{"zeros", func(path string) error { return os.WriteFile(path, make([]byte, 4096), 0o600) }},
	{"other version", func(path string) error {
		return os.WriteFile(path, []byte("{\"version\": 999, \"schema\": 999}\n"), 0o600)
	}},
	{"other owner", func(path string) error {
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		return os.Lchown(path, 0, 0)
	}},
	{"directory", func(path string) error { return instead(path, func() error { return os.Mkdir(path, 0o700) }) }},
	{"pipe", func(path string) error { return instead(path, func() error { return syscall.Mkfifo(path, 0o600) }) }},
	{"loop", func(path string) error { return instead(path, func() error { return os.Symlink(path, path) }) }},
}

// instead puts something else in the place of a file.
func instead(path string, put func() error) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return put()
}

// files are all that a supervisor keeps, the journal's and the histories' too.
func (h *house) files() []string {
	h.Helper()
	var list []string
	err := filepath.WalkDir(h.state, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return list
}

// damage damages a file, which is there from then on, and stays its owner's
// but where that is the damage.
func (h *house) damage(path string, do func(string) error) {
	h.Helper()
	own := func() {
		if h.user != nil {
			if err := os.Lchown(path, int(h.user.Uid), int(h.user.Gid)); err != nil {
				h.Fatal(err)
			}
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		h.Fatal(err)
	}
	_ = f.Close()
	own()
	if err := do(path); err != nil {
		h.Fatal(err)
	}
	if info, err := os.Lstat(path); err == nil && info.Sys().(*syscall.Stat_t).Uid == 0 && !info.Mode().IsRegular() {
		own()
	}
}

const ledger = `version: "1"
project: shop
services:
  web:
    command: echo I serve; exec sleep 1000
    hooks: {on_start: {success: {webhook: {url: "http://127.0.0.1:1/", timeout: 1s}}}}
  job:
    command: echo I am done
    cron: {expression: "* * * * * *"}
`

// Whatever has become of whichever file, a supervisor starts, says what it put
// aside, and works.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	for _, damage := range damages {
		t.Run(strings.ReplaceAll(damage.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			if damage.name == "other owner" {
				asRoot(t)
			}
			h := newHouse(t, ledger)
			h.demote()
			h.start()
			h.run("wait", "job", "--for", "completed", "--timeout", "20s")
			h.run("stop")
			// The pipes go with the supervisor, the rest stays.
			files := h.files()
			for _, want := range []string{"state.json", "cron_state.json", "config_hint", "events/", "outbox/", "logs/supervisor.log", "logs/shop/web_stdout.log", "logs/shop/web_stdout.log.idx"} {
				if !strings.Contains(strings.Join(files, " "), filepath.Join(h.state, want)) {
					t.Errorf("nothing is kept in %s: %v", want, files)
				}
			}
			files = append(files, filepath.Join(h.state, "sysg.pid"))
			if damage.name != "other owner" {
				// Somebody else's socket is refused in words.
				files = append(files, filepath.Join(h.state, "control.sock"))
			}
			for _, path := range files {
				h.damage(path, damage.do)
			}
			for _, command := range [][]string{{"status"}, {"logs", "web"}, {"inspect", "web"}, {"events"}} {
				if out, code := h.try(append(command, "-c", h.path("sysg.yaml"))...); code == -1 || strings.Contains(out, "panic") {
					t.Errorf("%v without a supervisor: exit %d\n%s", command, code, out)
				}
			}
			h.start()
			if u := h.unit("web"); u.State != "running" {
				t.Errorf("web is %s: %s", u.State, u.Reason)
			}
			h.run("wait", "job", "--for", "completed", "--timeout", "20s")
			if out := h.run("logs", "web"); !strings.Contains(out, "I serve") {
				t.Errorf("logs of web:\n%s", out)
			}
			h.run("inspect", "web")
			h.run("events")
			if said := h.run("logs", "-k", "supervisor", "-n", "-1"); damage.name != "empty" && !strings.Contains(said, "state.json") {
				t.Errorf("nothing was said of state.json:\n%s", said)
			}
			h.run("stop")
		})
	}
}
