package pane

import (
	"strings"
	"time"

	"systemg/tui/board"
	"systemg/tui/widget"
)

// Note is what there is to say about a unit beside its state: how far its
// replacement is, why it is as it is, when it runs next.
func Note(u *board.Unit, now time.Time) string {
	var list []string
	if u.Rollout != nil {
		text := u.Rollout.Phase
		if u.Rollout.Waits != "" {
			text += ": " + u.Rollout.Waits
		}
		list = append(list, text)
	}
	if !u.NextRun.IsZero() {
		list = append(list, "next "+When(u.NextRun, now))
	}
	if reason := u.Reason; reason != "" {
		if u.Look == "backoff" {
			// The state says how long that is from now.
			reason, _, _ = strings.Cut(reason, ", retry in ")
		}
		list = append(list, reason)
	}
	if u.Orphaned {
		list = append(list, "in no manifest")
	}
	if u.Parent != "" && len(list) == 0 {
		list = append(list, "child of "+u.Parent)
	}
	return strings.Join(list, "; ")
}

// When is a time to come: "03:00 (12h38m)", with the day where it is not within
// a day.
func When(t, now time.Time) string {
	left := t.Sub(now).Round(time.Second)
	local := t.In(now.Location())
	layout := "15:04"
	if local.Second() != 0 {
		layout = "15:04:05"
	}
	if left > 24*time.Hour {
		layout = "Mon 2 Jan " + layout
	}
	text := local.Format(layout)
	if left > 0 {
		text += " (" + widget.Left(t, now) + ")"
	}
	return text
}

// Clock is a time of the past: the time of day, with the day where it is not
// of today.
func Clock(t, now time.Time) string {
	local := t.In(now.Location())
	y1, m1, d1 := local.Date()
	if y2, m2, d2 := now.Date(); y1 == y2 && m1 == m2 && d1 == d2 {
		return local.Format("15:04:05")
	}
	if now.Sub(t) < 6*24*time.Hour {
		return local.Format("Mon 15:04")
	}
	return local.Format("2006-01-02")
}
