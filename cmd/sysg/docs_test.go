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
			plan, err := config.Load(filepath.Join(dir, "systemg.yaml"), config.Options{})
			if err != nil || len(plan.Warnings) > 0 {
				t.Errorf("%s, manifest %d: %v", path, i+1, err)
			}
		}
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
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), target)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
