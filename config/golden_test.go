package config

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// Every broken manifest in testdata has what is said of it beside it.
func TestFindings(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, path := range files {
		t.Run(path, func(t *testing.T) {
			_, err := Load(path, Options{Env: []string{"HOME=/root"}})
			var invalid *Invalid
			if !errors.As(err, &invalid) {
				t.Fatalf("the error is %v", err)
			}
			var b strings.Builder
			for _, d := range invalid.Diagnostics {
				if d.Line == 0 || d.Column == 0 || d.Message == "" || d.Hint == "" {
					t.Errorf("a finding without a place, a message or a hint: %+v", d)
				}
				b.WriteString(d.String() + "\n")
			}
			folder, err := filepath.Abs("testdata")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, path+".golden", strings.ReplaceAll(b.String(), folder, "FOLDER"))
		})
	}
}

// The manifests in testdata/valid are that, but for what cannot be carried
// out yet, and the one that hopes for a program that shares its port.
func TestValidManifests(t *testing.T) {
	for _, path := range matches(t, "testdata/valid/*.yaml") {
		plan, err := Load(path, Options{Root: true})
		if err != nil {
			t.Errorf("%s: %s", path, told(err))
			continue
		}
		for _, d := range plan.Warnings {
			if !strings.Contains(d.Message, "fixed port") {
				t.Errorf("%s", d)
			}
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is said (go test ./config -update writes it):\n%s", path, got)
	}
}

// The schema in assets is that of the decoder.
func TestSchemaFile(t *testing.T) {
	golden(t, "../assets/manifest.schema.json", string(Schema()))
}

// The reference in the manual is made of the table the decoder uses.
func TestManual(t *testing.T) {
	const path, mark = "../docs/manifest.md", "<!-- generated: every key -->\n"
	manual, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(manual), mark)
	if !ok {
		t.Fatalf("%s has no line %q", path, mark)
	}
	var b strings.Builder
	b.WriteString(before + mark)
	keyTable(&b, "The manifest", rootKeys)
	keyTable(&b, "A unit (services)", unitKeys)
	for _, k := range unitKeys {
		sections(&b, k, k.name)
	}
	for _, k := range rootKeys {
		if k.name != "services" && k.name != "projects" {
			sections(&b, k, k.name)
		}
	}
	golden(t, path, b.String())
}

// sections are the tables of a key's own keys, and of those below.
func sections(b *strings.Builder, k key, title string) {
	if len(k.keys) == 0 {
		return
	}
	keyTable(b, title, k.keys)
	for _, below := range k.keys {
		sections(b, below, title+"."+below.name)
	}
}

func keyTable(b *strings.Builder, title string, keys []key) {
	fmt.Fprintf(b, "\n### %s\n\n| key | value | meaning |\n|---|---|---|\n", title)
	for _, k := range keys {
		value := string(k.shape)
		for _, also := range k.also {
			value += " or " + string(also)
		}
		switch words := "`" + strings.Join(k.enum, "`, `") + "`"; {
		case k.name == "capabilities", k.name == "stop_signal", len(k.enum) == 0:
		case k.shape == shapeInt, k.shape == shapeSize:
			value += " or " + words
		default:
			value = words
		}
		if k.most == math.MaxInt32 {
			value += fmt.Sprintf(", at least %.0f", k.least)
		} else if k.most != 0 {
			value += fmt.Sprintf(", %.0f to %.0f", k.least, k.most)
		}
		if k.positive {
			value += ", not 0"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", k.name, value, k.doc)
	}
}

// The examples of the manual are valid.
func TestManualExamples(t *testing.T) {
	manual, err := os.ReadFile("../docs/manifest.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(manual), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		if plan, err := load(t, text, "app.env", "A=1\n"); err != nil || len(plan.Warnings) > 0 {
			t.Errorf("example %d: %v %v", i+1, err, plan)
		}
	}
}
