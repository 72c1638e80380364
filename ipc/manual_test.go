package ipc

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// table gives the rows of the table below a heading of docs/protocol.md,
// without the first two: per row the cells, without the marks of code.
func table(t *testing.T, heading string) map[string][]string {
	t.Helper()
	manual, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(manual), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/protocol.md has no %q", heading)
	}
	below, _, _ = strings.Cut(below, "\n## ")
	rows := map[string][]string{}
	for line := range strings.Lines(below) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		name, isRow := strings.CutPrefix(strings.TrimSpace(cells[0]), "`")
		if !isRow || len(cells) < 2 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[strings.TrimSuffix(name, "`")] = cells[1:]
	}
	return rows
}

// words are the values of the constants of messages.go that begin so.
func words(t *testing.T, prefix string) []string {
	t.Helper()
	source, err := os.ReadFile("messages.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^\t`+prefix+`\w+ .*= "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		list = append(list, m[1])
	}
	slices.Sort(list)
	return list
}

func same(t *testing.T, what string, manual map[string][]string, code []string) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(manual)); !slices.Equal(got, code) {
		t.Errorf("%s of docs/protocol.md\n%q\nare not those of the code\n%q", what, got, code)
	}
}

// The manual lists what there is, and nothing else.
func TestManual(t *testing.T) {
	same(t, "the methods", table(t, "Methods"), words(t, "Method"))
	same(t, "the methods with params", table(t, "Methods"), slices.Sorted(maps.Keys(paramsOf)))
	same(t, "the notifications", table(t, "Notifications"), words(t, "Note"))
	codes := table(t, "Errors")
	same(t, "the codes", codes, words(t, "Code"))
	for word, cells := range codes {
		if got := Code(word).ExitStatus(); cells[0] != string(rune('0'+got)) {
			t.Errorf("%s: the manual says exit status %s, the code %d", word, cells[0], got)
		}
	}
}

// The manual names every member of the params of each method.
func TestManualParams(t *testing.T) {
	for method, cells := range table(t, "Methods") {
		text := strings.NewReplacer("selection", "units, project, near").Replace(cells[0])
		var listed []string
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				listed = append(listed, word)
			}
		}
		slices.Sort(listed)
		if has := slices.Sorted(maps.Keys(fieldsOf(reflect.TypeOf(paramsOf[method])))); !slices.Equal(listed, has) {
			t.Errorf("%s: the manual has %q, the code %q", method, listed, has)
		}
	}
}
