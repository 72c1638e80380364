package pane

import (
	"fmt"
	"strings"
	"time"

	"systemg/ipc"
	"systemg/tui/widget"
)

// EventText is an event in words.
func EventText(e ipc.Event) string {
	var list []string
	switch e.Type {
	case "state", "deploy":
		move := e.To
		if e.From != "" && e.To != "" {
			move = e.From + " > " + e.To
		}
		list = append(list, e.Type+" "+move)
		if e.Type == "state" {
			list[0] = move
		}
	case "exit":
		if e.Exit != nil {
			list = append(list, e.Exit.Text)
		}
	default:
		list = append(list, e.Type)
	}
	if e.Reason != "" && (e.Exit == nil || e.Reason != e.Exit.Text) {
		list = append(list, e.Reason)
	}
	if e.Run > 0 && e.Type == "exit" {
		list = append(list, fmt.Sprintf("run %d", e.Run))
	}
	if e.By != "" {
		list = append(list, "by "+e.By)
	}
	return strings.Join(list, ", ")
}

// RunText is one run of a job in words.
func RunText(run ipc.CronRun, now time.Time) string {
	at := run.Start
	if at.IsZero() {
		at = run.Scheduled
	}
	text := Clock(at, now) + " " + run.Status
	if !run.End.IsZero() && !run.Start.IsZero() {
		text += " after " + widget.Duration(run.End.Sub(run.Start))
	}
	if run.Manual {
		text += ", by hand"
	}
	if run.Reason != "" {
		text += ": " + widget.Words(run.Reason)
	}
	return text
}
