package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func owed(id string) Delivery {
	return Delivery{
		ID: id, Unit: "shop/web", About: "on_start success", URL: "http://127.0.0.1:1/hook",
		Headers: []DeliveryHeader{{Name: "Authorization", Value: "Bearer x"}},
		Body:    []byte(`{"id":"` + id + `"}`), Timeout: time.Second, Retries: 5,
	}
}

func ids(list []Delivery) string {
	var names []string
	for _, d := range list {
		names = append(names, d.ID)
	}
	return strings.Join(names, " ")
}

func openOutbox(t *testing.T, dir string, limits OutboxLimits) (*Outbox, []string) {
	t.Helper()
	box, notes, err := OpenOutbox(dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	return box, notes
}

func add(t *testing.T, box *Outbox, id string) (Delivery, []Delivery) {
	t.Helper()
	kept, dropped, err := box.Add(owed(id))
	if err != nil {
		t.Fatal(err)
	}
	return kept, dropped
}

// What was added and not removed is there after a restart, in order and whole,
// for the eyes of this user alone.
func TestOutboxSurvives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	box, _ := openOutbox(t, dir, OutboxLimits{})
	var second Delivery
	for i := range 12 {
		kept, dropped := add(t, box, fmt.Sprint("d", i))
		if len(dropped) > 0 {
			t.Fatalf("dropped %s", ids(dropped))
		}
		if i == 1 {
			second = kept
		}
	}
	if err := box.Remove(second.Seq); err != nil {
		t.Fatal(err)
	}
	// What is not synced survives the end of the process all the same.
	if killed, _ := openOutbox(t, dir, OutboxLimits{}); len(killed.Kept()) != 11 {
		t.Errorf("kept %s", ids(killed.Kept()))
	}
	if err := box.Sync(); err != nil {
		t.Fatal(err)
	}
	if loose, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(loose) > 0 {
		t.Errorf("not synced: %v", loose)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 11 {
		t.Fatalf("%d files for 11 deliveries", len(files))
	}
	for _, f := range append(files, dir) {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}

	again, notes := openOutbox(t, dir, OutboxLimits{})
	if len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
	if got := ids(again.Kept()); got != "d0 d2 d3 d4 d5 d6 d7 d8 d9 d10 d11" {
		t.Errorf("kept %s", got)
	}
	first := again.Kept()[0]
	if string(first.Body) != `{"id":"d0"}` || first.Headers[0].Value != "Bearer x" || first.Timeout != time.Second {
		t.Errorf("it came back as %+v", first)
	}
	if next, _ := add(t, again, "new"); next.Seq <= 12 {
		t.Errorf("number %d was given before", next.Seq)
	}
}

// A full outbox drops the oldest and says which: by count, and by size.
func TestOutboxIsBounded(t *testing.T) {
	for name, limits := range map[string]OutboxLimits{"count": {Count: 3}, "bytes": {Bytes: 1000}} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "outbox")
			box, _ := openOutbox(t, dir, limits)
			var dropped []Delivery
			for i := range 10 {
				_, gone := add(t, box, fmt.Sprint("d", i))
				dropped = append(dropped, gone...)
			}
			count, bytes := box.Size()
			if count+len(dropped) != 10 || count == 0 || count > 3 || bytes > 1000 {
				t.Errorf("%d kept of %d bytes, %d dropped", count, bytes, len(dropped))
			}
			if all := ids(slices.Concat(dropped, box.Kept())); all != "d0 d1 d2 d3 d4 d5 d6 d7 d8 d9" {
				t.Errorf("not the oldest were dropped: %s", all)
			}
			smaller, notes := openOutbox(t, dir, OutboxLimits{Count: 1})
			if len(notes) != 1 || ids(smaller.Kept()) != "d9" {
				t.Errorf("reopened smaller: %s, %q", ids(smaller.Kept()), notes)
			}
		})
	}
}

// What cannot be used is moved aside and told; the rest is kept.
func TestOutboxWithCorruptFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	box, _ := openOutbox(t, dir, OutboxLimits{})
	for i := range 3 {
		add(t, box, fmt.Sprint("d", i))
	}
	if err := box.Sync(); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("00000000000000000002.json", `{"schema":1,"seq":2,"id":"d`)
	write("00000000000000000007.json", `{"schema":1,"seq":8,"id":"x","url":"http://h","body":{},"timeout_ns":1}`)
	write("00000000000000000009.json", `{"schema":9,"seq":9}`)
	write("00000000000000000010.json", `{"schema":1,"seq":10}`)
	write("00000000000000000011.json.new", `{"sch`)
	write("README", "a stranger")

	again, notes := openOutbox(t, dir, OutboxLimits{})
	if got := ids(again.Kept()); got != "d0 d2" {
		t.Errorf("kept %s", got)
	}
	text := strings.Join(notes, "\n")
	for _, want := range []string{"000002.json.corrupt-", "its name says", "schema 9", "is missing"} {
		if !strings.Contains(text, want) {
			t.Errorf("the notes do not say %q:\n%s", want, text)
		}
	}
	if len(notes) != 4 {
		t.Errorf("notes:\n%s", text)
	}
	if _, err := os.Stat(filepath.Join(dir, "00000000000000000011.json.new")); err == nil {
		t.Error("half a file is still there")
	}
	if _, err := os.Stat(filepath.Join(dir, "README")); err != nil {
		t.Errorf("a file that is not the outbox's was touched: %v", err)
	}
	if _, notes := openOutbox(t, dir, OutboxLimits{}); len(notes) != 0 {
		t.Errorf("told twice: %q", notes)
	}
}
