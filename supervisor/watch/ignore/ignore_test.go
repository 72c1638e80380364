package ignore

import (
	"strings"
	"testing"
)

// Which files a pattern takes out, below the watched path /app/src.
func TestIgnore(t *testing.T) {
	rows := []struct {
		pattern string
		name    string
		want    bool
	}{
		{"*.log", "a.log", true},
		{"*.log", "deep/down/a.log", true},
		{"*.log", "a.log.txt", false},
		{"tmp", "tmp/a", true},
		{"tmp", "deep/tmp/a", true},
		{"tmp", "tmpfile", false},
		{"./tmp", "tmp/a", true},
		{"build/out", "build/out/a.o", true},
		{"build/out", "deep/build/out/a.o", false},
		{"**/build/out", "deep/build/out/a.o", true},
		{"**/build/out", "build/out", true},
		{"build/**", "build/a/b", true},
		{"build/**/*.o", "build/a.o", true},
		{"build/**/*.o", "build/a/b/c.o", true},
		{"build/**/*.o", "build/a/b/c.c", false},
		{"build/*.o", "build/a/b.o", false},
		{"cache/", "cache", false}, // a file of that name
		{"cache/", "cache/x", true},
		{"[ab].txt", "b.txt", true},
		{"/app/src/gen", "gen/a.go", true},
		{"/app/src/gen", "deep/gen/a.go", false},
		{"/app/**/gen", "deep/gen/a.go", true},

		{"", ".git/HEAD", true},
		{"", "pkg/node_modules/x/index.js", true},
		{"", "main.go~", true},
		{"", ".main.go.swp", true},
		{"", "4913", true},
		{"", ".#main.go", true},
		{"", "main.go", false},
		{"", ".env", false},
		{"", ".gitignore", false},
	}
	for _, row := range rows {
		var list []string
		if row.pattern != "" {
			list = []string{row.pattern}
		}
		ig, err := New(list)
		if err != nil {
			t.Fatal(err)
		}
		if got := ig.Match("/app/src", row.name, false); got != row.want {
			t.Errorf("%q and %s: %v", row.pattern, row.name, got)
		}
	}
	ig, _ := New([]string{"cache/"})
	if !ig.Match("/app/src", "cache", true) || ig.Match("/app/node_modules", ".", true) {
		t.Error("a directory named cache counts, or the watched path itself does not")
	}
}

// What is no pattern is refused with its name.
func TestIgnoreErrors(t *testing.T) {
	for _, text := range []string{"", "/", "!keep", "a/[b", "../other"} {
		if _, err := New([]string{text}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
