package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"systemg/config"
)

// Every manifest in the manuals is valid, and asks for nothing that this
// version cannot do.
func TestManifestsOfTheManuals(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "```yaml\n")[1:] {
			manifest, _, _ := strings.Cut(part, "```")
			dir := t.TempDir()
			for name, content := range map[string]string{"systemg.yaml": manifest, "app.env": "A=1\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			plan, err := config.Load(filepath.Join(dir, "systemg.yaml"), config.Options{Root: true})
			if err != nil || len(plan.Warnings) > 0 {
				t.Errorf("%s, manifest %d: %v", path, i+1, err)
			}
		}
	}
}

// Every test that the page on security cites is there.
func TestCitedTestsExist(t *testing.T) {
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	err = filepath.WalkDir("../..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		sources.Write(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cited := 0
	for _, part := range strings.Split(string(text), "`Test")[1:] {
		name, _, _ := strings.Cut(part, "`")
		cited++
		if !strings.Contains(sources.String(), "func Test"+name+"(t *testing.T)") {
			t.Errorf("there is no Test%s", name)
		}
	}
	if cited == 0 {
		t.Error("it cites no test")
	}
}

// Every link between the manuals leads somewhere.
func TestLinksOfTheManuals(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "](")[1:] {
			target, _, _ := strings.Cut(part, ")")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "#") {
				continue
			}
			file, _, _ := strings.Cut(target, "#")
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), file)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
