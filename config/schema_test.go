package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// document is a manifest as an editor's validator has it.
func document(t *testing.T, text string) any {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(textKeys(doc))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// textKeys makes text of the keys of all maps.
func textKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := map[string]any{}
		for key, value := range v {
			m[fmt.Sprint(key)] = textKeys(value)
		}
		return m
	case map[string]any:
		for key, value := range v {
			v[key] = textKeys(value)
		}
	case []any:
		for i, value := range v {
			v[i] = textKeys(value)
		}
	}
	return v
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("manifest.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSchemaAgreesWithLoad(t *testing.T) {
	s := compiledSchema(t)
	for _, c := range agreed {
		_, err := load(t, c.text)
		if (err == nil) != c.good {
			t.Errorf("Load says %v of\n%s", told(err), c.text)
		}
		if err := s.Validate(document(t, c.text)); (err == nil) != c.good {
			t.Errorf("the schema says %v of\n%s", err, c.text)
		}
	}
	for _, text := range beyondTheSchema {
		if _, err := load(t, text); err == nil {
			t.Errorf("Load accepts\n%s", text)
		}
		if err := s.Validate(document(t, text)); err != nil {
			t.Errorf("the schema says more than was thought, %v, of\n%s", err, text)
		}
	}
}

// Every manifest of the examples and the manual is valid by the schema too.
func TestTheSchemaAcceptsTheExamples(t *testing.T) {
	s := compiledSchema(t)
	var texts []string
	for _, path := range slices.Concat(matches(t, "../examples/*/systemg.yaml"), matches(t, "testdata/valid/*.yaml")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	manual, err := os.ReadFile("../docs/manifest.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(manual), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		texts = append(texts, text)
	}
	for _, text := range texts {
		if err := s.Validate(document(t, text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	return list
}

// Every key is in the table of what is agreed on, so that none is forgotten.
func TestEveryKeyIsTried(t *testing.T) {
	var all strings.Builder
	for _, c := range agreed {
		if c.good {
			all.WriteString(c.text)
		}
	}
	var missing []string
	var look func(keys []key)
	look = func(keys []key) {
		for _, k := range keys {
			if !strings.Contains(all.String(), k.name+":") && !slices.Contains(missing, k.name) {
				missing = append(missing, k.name)
			}
			look(k.keys)
		}
	}
	look(rootKeys)
	if len(missing) > 0 {
		t.Errorf("no good manifest has %q", missing)
	}
}

// told is an error with its findings.
func told(err error) string {
	var invalid *Invalid
	if !errors.As(err, &invalid) {
		return fmt.Sprint(err)
	}
	var b strings.Builder
	for _, d := range invalid.Diagnostics {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}
