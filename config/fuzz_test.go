package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Whatever a manifest is, Load says where each finding is, and does not panic.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.y*ml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	for _, c := range agreed {
		f.Add(c.text)
	}
	for _, text := range beyondTheSchema {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := load(t, text)
		var invalid *Invalid
		if err == nil || !errors.As(err, &invalid) {
			return
		}
		for _, d := range invalid.Diagnostics {
			if d.File == "" || d.Line < 1 || d.Column < 1 || d.Message == "" || d.Hint == "" {
				t.Errorf("%+v", d)
			}
			if d.Column > utf8.RuneCountInString(d.Source)+1 && utf8.RuneCountInString(d.Source) < 4000 {
				t.Errorf("the place is beyond its line: %+v", d)
			}
			if said := d.String(); strings.ContainsFunc(said, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
				t.Errorf("a terminal would obey %q", said)
			}
		}
	})
}

// Whatever an env file is, each assignment has a name.
func FuzzEnvFile(f *testing.F) {
	f.Add("A=1\nexport B='x\ny'\n# c\nC=\"\\n${D}\" # x\nbad line\n")
	f.Add("\ufeffA = x=y # c\r\nexport\tB=\"\\\"\\$\"\r\nC='open\n")
	f.Add("A=\"x\" more\nexport\n=\n 1=2\nD=# c\nE= # c\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, problems := parseEnvFile(text)
		for _, l := range list {
			if !isName(l.Name) || l.line < 1 || l.column < 1 {
				t.Errorf("%+v", l)
			}
		}
		for _, p := range problems {
			if p.line < 1 || p.text == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
