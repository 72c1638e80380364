package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatCanBeTrusted(t *testing.T) {
	for _, c := range []struct {
		mode fs.FileMode
		uid  int
		want string
	}{
		{0o644, 0, ""},
		{0o600, 0, ""},
		{0o755 | fs.ModeDir, 0, ""},
		{0o777 | fs.ModeDir | fs.ModeSticky, 0, ""},
		{0o664, 0, "has mode 0664"},
		{0o646, 0, "has mode 0646"},
		{0o775 | fs.ModeDir, 0, "has mode 0775"},
		{0o644, 7, "belongs to user 7"},
		{0o1777 | fs.ModeDir | fs.ModeSticky, 7, "belongs to user 7"},
	} {
		if got := judge(c.mode, c.uid); got != c.want {
			t.Errorf("%v of user %d: %q, want %q", c.mode, c.uid, got, c.want)
		}
	}
}

// A manifest of --sys, and whatever it includes, is read only where nobody but
// root can write it; that is asked of the open file, so that a link which is
// turned elsewhere meanwhile gains nothing.
func TestRootReadsOnlyWhatRootWrites(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the files have to be root's")
	}
	dir := t.TempDir()
	put := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const good = "version: 1\nservices: {a: {command: b}}\n"
	system := Options{System: true, Root: true}
	if _, err := Load(put("good.yaml", good, 0o644), system); err != nil {
		t.Error(err)
	}
	link := filepath.Join(dir, "link.yaml")
	if err := os.Symlink(put("theirs.yaml", good, 0o666), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{put("open.yaml", good, 0o664), link} {
		_, err := Load(path, system)
		if err == nil || !strings.Contains(err.Error(), "root would do what others can write") {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := Load(path, Options{Root: true}); err != nil {
			t.Errorf("without --sys: %v", err)
		}
	}
	put("part.yaml", "{command: b}", 0o666)
	_, err := Load(put("includes.yaml", "version: 1\nservices: {a: !include part.yaml}\n", 0o600), system)
	if err == nil || !strings.Contains(err.Error(), "others can write") {
		t.Errorf("an include: %v", err)
	}
	put("secrets.env", "A=1", 0o666)
	_, err = Load(put("env.yaml", "version: 1\nenv: {file: secrets.env}\nservices: {a: {command: b}}\n", 0o600), system)
	if err == nil || !strings.Contains(err.Error(), "secrets.env: root would do what others can write") {
		t.Errorf("an env file: %v", err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(put("folder/systemg.yaml", good, 0o600), system); err == nil || !strings.Contains(err.Error(), folder+" has mode 0777") {
		t.Errorf("a folder that others can write to: %v", err)
	}
}

// While somebody turns a link between root's manifest and one of their own, root
// reads its own or refuses: there is no moment between the check and the use.
func TestAManifestThatIsSwapped(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the files have to be root's")
	}
	dir := t.TempDir()
	write := func(name, command string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		text := "version: 1\nservices: {a: {command: " + command + "}}\n"
		if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	targets := []string{write("root.yaml", "mine", 0o644), write("theirs.yaml", "theirs", 0o666)}
	link, next := filepath.Join(dir, "systemg.yaml"), filepath.Join(dir, "next")
	turn := func(i int) error {
		return errors.Join(os.Symlink(targets[i%2], next), os.Rename(next, link))
	}
	if err := turn(0); err != nil {
		t.Fatal(err)
	}
	done, turned := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for i := 1; err == nil; i++ {
			select {
			case <-done:
				turned <- nil
				return
			default:
				err = turn(i)
			}
		}
		turned <- err
	}()
	mine, refused := 0, 0
	for i := 0; i < 20_000 && (mine < 100 || refused < 100); i++ {
		plan, err := Load(link, Options{System: true, Root: true})
		switch {
		case err != nil && strings.Contains(err.Error(), "root would do what others can write"):
			refused++
		case err != nil:
			t.Fatal(err)
		case plan.Projects[0].Units[0].Command != "mine":
			t.Fatalf("it has read %q", plan.Projects[0].Units[0].Command)
		default:
			mine++
		}
	}
	close(done)
	if err := <-turned; err != nil {
		t.Fatal(err)
	}
	if mine == 0 || refused == 0 {
		t.Errorf("%d times its own, %d times refused: the link was not turned", mine, refused)
	}
}
