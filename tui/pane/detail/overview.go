package detail

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// The sizes of the charts, in columns and rows, axis included.
const (
	chartRows  = 6
	leastChart = 28
	threeWide  = 100
	twoWide    = 60
)

// overview is what matters first.
func overview(s *sheet, u *board.Unit, r *ipc.InspectResult) {
	charts(s, u, r)
	if r == nil {
		s.put(theme.Faint, "reading"+s.t.Ellipsis)
		return
	}
	check(s, r.Health)
	deployment(s, u, &r.Deployment)
	jobs(s, r.Cron)
	neighbours(s, "Depends on", r.DependsOn)
	neighbours(s, "Needed by", r.Dependents)
	if n := len(r.Events); n > 0 {
		s.heading("Last events")
		for _, e := range slices.Backward(r.Events[max(n-5, 0):]) {
			eventRow(s, e)
		}
	}
}

// because is why a unit that is not well is as it is: the nearest cause first,
// with what was written last, and what to do.
func because(s *sheet, u *board.Unit, why *ipc.WhyResult) {
	if len(why.Causes) == 0 || !board.Ill(u.Look) && u.Look != "pending" {
		return
	}
	s.heading("Why")
	for _, c := range why.Causes {
		label := "itself"
		if c.Unit != u.ID && c.Unit != "" {
			label = s.f.Board.Name(widget.Words(c.Unit))
		}
		text := c.Text
		if !c.Time.IsZero() {
			text += " (" + pane.Clock(c.Time, s.f.Now) + ")"
		}
		s.toned(theme.Normal, label, text)
		for _, line := range c.LastLines[max(len(c.LastLines)-lastLines, 0):] {
			s.toned(theme.Faint, "", widget.Strip(widget.Clean(line)))
		}
	}
	s.toned(theme.Accent, "try", why.Try)
	s.blank()
}

// lastLines is how many of the lines a unit wrote last are shown of each cause.
const lastLines = 3

// charts are CPU and memory of the last minutes, with the processes beside them
// where there is room.
func charts(s *sheet, u *board.Unit, r *ipc.InspectResult) {
	columns := 1
	switch {
	case s.w >= threeWide:
		columns = 3
	case s.w >= twoWide:
		columns = 2
	}
	w := (s.w - 2*(columns-1)) / columns
	cpu, memory, span := series(s, u, r)
	blocks := [][]string{
		chart(s, "CPU %", cpu, w, span, widget.Percent),
		chart(s, "MEM", memory, w, span, func(f float64) string { return widget.Bytes(uint64(max(f, 0))) }),
	}
	switch columns {
	case 1:
		s.lines = append(s.lines, blocks[0]...)
		s.lines = append(s.lines, blocks[1]...)
	case 2:
		s.beside(blocks, []int{w, w})
	default:
		s.beside(append(blocks, tree(s, r, chartRows+1)), []int{w, w, w})
	}
}

// series are the figures of the supervisor's history, or, until they are there,
// those the board has.
func series(s *sheet, u *board.Unit, r *ipc.InspectResult) (cpu, memory []float64, span string) {
	if r == nil || len(r.Series.CPUPercent) == 0 {
		f := s.f.Board.Figures(u.ID)
		return f.CPU(board.Seconds), f.Memory(board.Seconds), "-1m"
	}
	length := time.Duration(r.Series.StepSecs * float64(len(r.Series.CPUPercent)) * float64(time.Second))
	return known(r.Series.CPUPercent), known(r.Series.MemoryBytes), "-" + widget.Duration(length)
}

// known are the values with NaN for those nobody knows.
func known(list []*float64) []float64 {
	out := make([]float64, len(list))
	for i, v := range list {
		out[i] = math.NaN()
		if v != nil {
			out[i] = *v
		}
	}
	return out
}

func chart(s *sheet, title string, values []float64, w int, from string, label func(float64) string) []string {
	top, now := math.NaN(), math.NaN()
	for _, v := range values {
		if !math.IsNaN(v) && !(top >= v) {
			top = v
		}
	}
	if n := len(values); n > 0 {
		now = values[n-1]
	}
	head := s.t.Paint(theme.Title, title)
	if math.IsNaN(top) {
		return []string{head, s.t.Paint(theme.Faint, "nothing is known yet")}
	}
	head += s.t.Paint(theme.Faint, "  max ") + label(top)
	if !math.IsNaN(now) {
		head += s.t.Paint(theme.Faint, "  now ") + label(now)
	}
	lines := widget.Chart(values, w, chartRows, widget.ChartOptions{Label: label, From: from, To: "now", ASCII: s.t.ASCII})
	for i := range lines {
		lines[i] = s.t.Paint(theme.Good, lines[i])
	}
	return append([]string{head}, lines...)
}

// tree is the process tree in at most n lines; 0 means all.
func tree(s *sheet, r *ipc.InspectResult, n int) []string {
	lines := []string{s.t.Paint(theme.Title, "Processes")}
	if r == nil {
		return lines
	}
	if len(r.Processes) == 0 {
		return append(lines, s.t.Paint(theme.Faint, "none"))
	}
	for i, p := range r.Processes {
		if left := len(r.Processes) - i; n > 0 && len(lines) == n-1 && left > 1 {
			return append(lines, s.t.Paint(theme.Faint, fmt.Sprintf("%s %d more", s.t.Ellipsis, left)))
		}
		branch := ""
		if p.Depth > 0 {
			branch = widget.Spaces(2*(p.Depth-1)) + s.t.Paint(theme.Rule, s.t.Last) + " "
		}
		lines = append(lines, branch+number(p.PID)+" "+s.t.Paint(theme.Faint,
			widget.FitLeft(widget.Percent(p.CPUPercent)+"%", 5, "")+" "+widget.FitLeft(widget.Bytes(p.MemoryBytes), 4, ""))+
			" "+widget.Words(p.Command))
	}
	return lines
}

// check is the health check and its last result.
func check(s *sheet, h *ipc.Health) {
	if h == nil {
		return
	}
	s.heading("Health check")
	what := h.Kind + " " + h.Target
	if h.WatchdogSecs > 0 {
		what += fmt.Sprintf(", watchdog %gs", h.WatchdogSecs)
	}
	s.field("looks at", strings.TrimSpace(what))
	if h.Last != nil {
		tone, text := theme.Good, "ok"
		if !h.Last.OK {
			tone, text = theme.Bad, "failed"
		}
		if h.Last.Text != "" && h.Last.Text != text {
			text += ": " + h.Last.Text
		}
		took := widget.Duration(time.Duration(h.Last.TookSecs * float64(time.Second)))
		s.toned(tone, "last", fmt.Sprintf("%s, %s, took %s", text, pane.Clock(h.Last.Time, s.f.Now), took))
	}
	if h.Failures > 0 {
		s.toned(theme.Bad, "failures", fmt.Sprintf("%d in a row; %d are too many", h.Failures, h.Retries))
	}
	s.field("says", h.Status)
	s.field("later", livenessText(h.Liveness))
}

func livenessText(how string) string {
	switch how {
	case "mark":
		return "a unit that falls ill is marked"
	case "restart":
		return "a unit that falls ill is restarted"
	}
	return ""
}

// deployment is how the unit is replaced and what came of it.
func deployment(s *sheet, u *board.Unit, d *ipc.Deployment) {
	if u.Rollout == nil && d.Last == nil && d.Earlier == 0 && d.Slot == "" {
		return
	}
	s.heading("Deployment")
	s.field("strategy", d.Strategy)
	if r := u.Rollout; r != nil {
		text := fmt.Sprintf("%s since %s: run %d, %s", r.Phase, pane.Clock(r.Since, s.f.Now), r.Run, r.State)
		if r.Waits != "" {
			text += "; " + r.Waits
		}
		s.toned(theme.Busy, "under way", text)
	}
	if l := d.Last; l != nil {
		tone, text := theme.Good, "done"
		if !l.OK {
			tone, text = theme.Bad, "failed"
		}
		took := widget.Duration(time.Duration(l.TookSecs * float64(time.Second)))
		s.toned(tone, "last", fmt.Sprintf("%s, %s, took %s: %s", text, pane.Clock(l.Time, s.f.Now), took, l.Reason))
	}
	s.field("slot", d.Slot)
	if d.Earlier > 0 {
		text := widget.Count(d.Earlier, "earlier definition") + " to roll back to"
		if len(d.Differs) > 0 {
			text += "; the newest differs in " + strings.Join(d.Differs, ", ")
		}
		s.field("rollback", text)
	}
}

// jobs is a cron job's schedule and its runs.
func jobs(s *sheet, c *ipc.CronJob) {
	if c == nil {
		return
	}
	s.heading("Schedule")
	what := c.Expression
	if c.Timezone != "" {
		what += " " + c.Timezone
	}
	s.field("when", what+", overlap: "+c.Overlap)
	if n := len(c.Runs); n > 0 {
		const most = 5
		for i, run := range slices.Backward(c.Runs[max(n-most, 0):]) {
			label := ""
			if i == min(n, most)-1 {
				label = "runs"
			}
			tone := theme.Normal
			if run.Status == "failed" || run.Status == "missed" {
				tone = theme.Bad
			}
			s.toned(tone, label, pane.RunText(run, s.f.Now))
		}
	}
}

// neighbours are the units on one side of it in the graph.
func neighbours(s *sheet, title string, list []ipc.Edge) {
	if len(list) == 0 {
		return
	}
	s.heading(title)
	names := 0
	for _, e := range list {
		names = max(names, widget.Width(widget.Words(e.Unit)))
	}
	for _, e := range list {
		look := e.State
		if u := s.f.Board.Find(e.Unit); u != nil {
			look = u.Look
		}
		row := []span{{s.t.LookTone(look), s.t.Sign(look) + " "}, {theme.Normal, widget.Fit(widget.Words(e.Unit), names, s.t.Ellipsis)}, {s.t.LookTone(look), "  " + look}}
		if e.Condition != "" {
			row = append(row, span{theme.Faint, "  " + widget.Words(e.Condition)})
		}
		if e.Cascade {
			row = append(row, span{theme.Faint, "  falls with it"})
		}
		if !e.Satisfied {
			row = append(row, span{theme.Busy, "  " + widget.Words(e.Reason)})
		}
		s.row(row)
	}
}
