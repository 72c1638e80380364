package store

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestHint(t *testing.T) {
	d := open(t)
	if h, err := d.Hint(); err != nil || !reflect.DeepEqual(h, Hint{}) {
		t.Errorf("of a new directory: %+v, %v", h, err)
	}
	h := Hint{}.With("/a.yaml", "shop", "blog").With("/b.yaml", "shop")
	if err := d.SetHint(h); err != nil {
		t.Fatal(err)
	}
	got, err := ReadHint(d.Paths())
	want := Hint{Last: "/b.yaml", Manifests: map[string]string{"shop": "/b.yaml", "blog": "/a.yaml"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	if got := want.Without("shop"); got.Last != "" || len(got.Manifests) != 1 {
		t.Errorf("without the only project of the last manifest: %+v", got)
	}
	if got := want.Without("blog"); got.Last != "/b.yaml" {
		t.Errorf("without another project: %+v", got)
	}

	write(t, d.Paths().Hint(), "nonsense")
	if h, err := d.Hint(); err != nil || !reflect.DeepEqual(h, Hint{}) {
		t.Errorf("of nonsense: %+v, %v", h, err)
	}
}

func TestCronHistory(t *testing.T) {
	d := open(t)
	due := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	run := func(n uint64, status string) CronRun {
		return CronRun{Run: n, Scheduled: due.Add(time.Duration(n) * time.Hour), Status: status}
	}
	var h CronHistory
	for n := range uint64(4) {
		before := h
		h = h.With("shop/report", run(n+1, "running"), 3).With("shop/report", run(n+1, "completed"), 3)
		if len(before.Jobs["shop/report"]) != min(int(n), 3) {
			t.Fatalf("With changed its receiver: %+v", before)
		}
	}
	h = h.With("shop/report", CronRun{Status: "skipped"}, 3)
	h = h.With("shop/report", CronRun{Status: "missed"}, 3)
	if err := d.SaveCron(h); err != nil {
		t.Fatal(err)
	}
	got, said, err := d.LoadCron()
	if err != nil || len(said) > 0 {
		t.Fatal(err, said)
	}
	var statuses []string
	for _, r := range got.Jobs["shop/report"] {
		statuses = append(statuses, r.Status)
	}
	if want := []string{"completed", "skipped", "missed"}; !reflect.DeepEqual(statuses, want) {
		t.Errorf("got %q, want %q", statuses, want)
	}
	if left := got.Decided("shop/report", due).Without("shop/report"); len(left.Jobs) != 0 || len(left.Last) != 0 {
		t.Errorf("left %+v", left)
	}

	write(t, d.Paths().CronFile(), `{"schema":1,"jobs":`)
	if _, said, err := d.LoadCron(); err != nil || len(said) != 1 {
		t.Errorf("of a torn file: said %q, %v", said, err)
	}
}

// A due time has one entry, from being queued to its end; what is open is not
// forgotten for newer entries.
func TestCronEntriesContinue(t *testing.T) {
	due := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	var h CronHistory
	says := func(want string) {
		t.Helper()
		var got []string
		for _, r := range h.Jobs["shop/report"] {
			got = append(got, fmt.Sprint(r.Run, " ", r.Status))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("got %q, want %q", text, want)
		}
	}
	with := func(r CronRun) { h = h.With("shop/report", r, 2) }

	with(CronRun{Scheduled: due, Status: CronQueued})
	with(CronRun{Scheduled: due, Status: CronQueued, Manual: true})
	says("0 queued, 0 queued")
	with(CronRun{Scheduled: due, Run: 1, Status: CronRunning})
	with(CronRun{Scheduled: due, Status: CronSkipped, Manual: true})
	says("1 running, 0 skipped")
	with(CronRun{Scheduled: due.Add(time.Hour), Status: CronSkipped})
	with(CronRun{Scheduled: due.Add(2 * time.Hour), Status: CronMissed})
	says("1 running, 0 missed")
	with(CronRun{Scheduled: due, Run: 1, Status: CronCompleted})
	with(CronRun{Scheduled: due.Add(3 * time.Hour), Status: CronQueued})
	says("0 missed, 0 queued")

	before := h
	h = h.Decided("shop/report", due)
	if len(before.Last) != 0 || !h.Last["shop/report"].Equal(due) {
		t.Errorf("before %v, after %v", before.Last, h.Last)
	}
}
