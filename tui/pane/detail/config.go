package detail

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// processes is the whole tree.
func processes(s *sheet, r *ipc.InspectResult) {
	s.lines = append(s.lines, tree(s, r, 0)[1:]...)
	for i := range s.lines {
		s.lines[i] = widget.Cut(s.lines[i], s.w, s.t.Ellipsis)
	}
}

// config is the definition, the limits and the files.
func config(s *sheet, u *board.Unit, r *ipc.InspectResult) {
	if r == nil {
		s.put(theme.Faint, "reading"+s.t.Ellipsis)
		return
	}
	c := r.Config
	s.field("command", c.Command)
	s.field("exec", strings.Join(c.Exec, " "))
	s.field("folder", c.WorkingDir)
	s.field("manifest", c.Manifest)
	s.field("pre_start", c.PreStart)
	s.field("skip", c.Skip)
	s.field("restart", restart(c, u))
	stop := c.StopSignal
	if c.StopCommand != "" {
		stop = c.StopCommand + ", then " + stop
	}
	if c.StopTimeout != "" {
		stop += ", killed after " + c.StopTimeout
	}
	s.field("stop", stop)
	s.field("held by", u.Containment)
	for _, socket := range r.Sockets {
		text := socket.Name + ": " + socket.Listen + ", descriptor " + number(socket.FD)
		if !socket.Open {
			text += ", closed"
		}
		s.field("socket", text)
	}
	if r.Hooks != nil {
		for _, h := range r.Hooks.Declared {
			s.field("hook", strings.TrimSpace(h.About+": "+h.Command+" "+h.Webhook))
		}
		for _, h := range r.Hooks.Results {
			if h.Error != "" {
				s.toned(theme.Bad, "hook failed", h.About+": "+h.Error)
			}
		}
	}
	s.field("variables", strings.Join(slices.Sorted(maps.Keys(c.Env)), " "))
	s.field("hash", u.Hash)
	limits(s, r.Limits)
	files(s, r.Logs)
}

func restart(c ipc.Config, u *board.Unit) string {
	text := c.Restart
	if text == "" || text == "never" {
		return text
	}
	if c.Backoff != "" {
		text += ", after " + c.Backoff
	}
	if c.MaxRestarts != nil {
		text += ", at most " + widget.Count(*c.MaxRestarts, "time")
	}
	if u.Failures > 0 {
		text += fmt.Sprintf(" (%s in a row)", widget.Count(u.Failures, "failure"))
	}
	return text
}

// limits are what was asked for beside what the kernel has in force.
func limits(s *sheet, list []ipc.Limit) {
	if len(list) == 0 {
		return
	}
	s.heading("Limits")
	names := 5
	for _, l := range list {
		names = max(names, widget.Width(widget.Words(l.Name)))
	}
	const column = 12
	s.row([]span{{theme.Faint, widget.Fit("", names, "") + "  " + widget.Fit("asked", column, "") + widget.Fit("soft", column, "") + "hard"}})
	for _, l := range list {
		asked := widget.Words(l.Asked)
		tone := theme.Normal
		if asked == "" {
			asked, tone = "-", theme.Faint
		}
		s.row([]span{
			{theme.Normal, widget.Fit(widget.Words(l.Name), names, s.t.Ellipsis) + "  "},
			{tone, widget.Fit(asked, column, s.t.Ellipsis)},
			{theme.Normal, widget.Fit(widget.Words(l.Soft), column-1, s.t.Ellipsis) + " " + widget.Words(l.Hard)},
		})
	}
}

// files are the logs on disk.
func files(s *sheet, list []ipc.Log) {
	if len(list) == 0 {
		return
	}
	s.heading("Logs on disk")
	for _, l := range list {
		text := widget.Bytes(uint64(max(l.Bytes, 0))) + " in " + widget.Count(l.Segments, "file")
		if l.LostBytes > 0 {
			text += ", " + widget.Bytes(uint64(l.LostBytes)) + " lost: the disk was full"
		}
		if !l.Exact {
			text += ", not exactly once"
		}
		s.field(l.Kind, text+"  "+l.Path)
	}
}

// unitEvents are the newest first.
func unitEvents(s *sheet, _ *board.Unit, r *ipc.InspectResult) {
	if r == nil {
		s.put(theme.Faint, "reading"+s.t.Ellipsis)
		return
	}
	if len(r.Events) == 0 {
		s.put(theme.Faint, "nothing happened lately")
	}
	for _, e := range slices.Backward(r.Events) {
		eventRow(s, e)
	}
}

func eventRow(s *sheet, e ipc.Event) {
	tone := theme.Normal
	if e.Type == "state" {
		tone = s.t.LookTone(e.To)
	}
	s.row([]span{
		{theme.Faint, widget.Fit(pane.Clock(e.Time, s.f.Now), 10, "")}, {tone, widget.Words(pane.EventText(e))},
	})
}
