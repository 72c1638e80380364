package keys

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of keys in the documentation anew")

// The documentation's table of keys is made from the table that the dashboard
// uses.
func TestTheDocumentationHasEveryKey(t *testing.T) {
	const file = "../../docs/dashboard.md"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(data), "<!-- keys:")
	note, rest, ok2 := strings.Cut(rest, "-->\n")
	_, tail, ok3 := strings.Cut(rest, "<!-- end -->")
	if !ok1 || !ok2 || !ok3 {
		t.Fatalf("%s has no place for the keys", file)
	}
	want := head + "<!-- keys:" + note + "-->\n" + table(Default()) + "<!-- end -->" + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Errorf("%s does not have the keys as they are: go test ./tui/keys -update", file)
	}
}

// table is the bindings in Markdown, in their order.
func table(m Map) string {
	var b strings.Builder
	b.WriteString("| keys | | where | action |\n|---|---|---|---|\n")
	for _, binding := range m {
		names := make([]string, len(binding.Keys))
		for i, key := range binding.Keys {
			names[i] = "`" + strings.ReplaceAll(Named(key), "|", "\\|") + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", strings.Join(names, " "), binding.Long, placesOf(binding.In), binding.Action)
	}
	return b.String()
}

func placesOf(where Where) string {
	if where&Anywhere == Anywhere {
		return "everywhere"
	}
	var list []string
	for _, p := range []struct {
		where Where
		name  string
	}{{InUnits, "units"}, {InLogs, "logs"}, {InGraph, "graph"}, {InEvents, "events"}, {InCron, "cron"}, {InDeploys, "deploys"}, {InDetail, "detail"}, {InAbsent, "no supervisor"}} {
		if where&p.where != 0 {
			list = append(list, p.name)
		}
	}
	return strings.Join(list, ", ")
}
