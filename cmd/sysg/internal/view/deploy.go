package view

import (
	"strconv"
	"strings"

	"systemg/ipc"
)

// rolledBadly is whether a phase of a rollout is one of its bad ends, or leads
// to one.
func rolledBadly(phase string) bool {
	return phase == "failed" || phase == "undoing" || phase == "aborting"
}

// rolling is how far the rollout of a unit is, "" where there is none.
func rolling(u ipc.Unit) string {
	r := u.Rollout
	if r == nil {
		return ""
	}
	text := "rollout " + r.Phase
	if r.PID > 0 {
		text += " (new pid " + strconv.Itoa(r.PID) + ")"
	}
	if r.Waits != "" {
		text += ": " + r.Waits
	}
	return text
}

// doing is what a unit on its way is doing: the phase of its rollout, or its
// state.
func doing(st Style, u ipc.Unit) span {
	switch {
	case u.Rollout == nil:
		return st.word(u, u.State)
	case rolledBadly(u.Rollout.Phase):
		return say(bad, u.Rollout.Phase)
	}
	return say(busy, u.Rollout.Phase)
}

// notReplaced says that a rollout failed, and what runs on; "" where none did.
func notReplaced(u ipc.Outcome) string {
	if u.DeployFailed == "" {
		return ""
	}
	text := "not replaced: " + u.DeployFailed
	switch {
	case u.PID > 0:
		text += "; the old instance runs on, pid " + strconv.Itoa(u.PID) + ", run " + number64(u.Run)
	case u.Reason != "":
		text += "; " + u.Reason
	}
	return text
}

// deployText is what a rollout came to.
func deployText(e ipc.Event) line {
	t := busy
	switch {
	case e.To == "done":
		t = good
	case rolledBadly(e.To):
		t = bad
	}
	l := line{say(normal, "rollout "), say(t, firstOf(e.To, "under way"))}
	if e.From != "" {
		l = append(l, say(faint, " (was "+e.From+")"))
	}
	if e.Reason != "" {
		l = append(l, say(normal, ": "+e.Reason))
	}
	return l
}

// healthText is a health check and what it found last.
func healthText(h *ipc.Health, st Style) string {
	if h == nil {
		return ""
	}
	text := h.Kind
	if h.Target != "" {
		text += " " + h.Target
	}
	if h.Liveness != "" && h.Liveness != "none" {
		text += ", then " + h.Liveness
	}
	if h.WatchdogSecs > 0 {
		text += ", watchdog " + Duration(seconds(h.WatchdogSecs))
	}
	if h.Last != nil {
		text += "; last result at " + clock(h.Last.Time, st) + ": " + firstOf(h.Last.Text, passed(h.Last.OK))
		if h.Last.TookSecs > 0 {
			text += ", took " + took(h.Last.TookSecs)
		}
	}
	if h.Failures > 0 {
		text += "; " + count(h.Failures, "failure") + " in a row (" + strconv.Itoa(h.Retries) + " are too many)"
	}
	if h.Status != "" {
		text += "; it says: " + h.Status
	}
	return text
}

func passed(ok bool) string {
	if ok {
		return "well"
	}
	return "not well"
}

// deployments are how a unit is replaced, and what came of it; nothing where
// there is nothing to say beside that it is not.
func deployments(p *page, d ipc.Deployment) {
	if d.Strategy != "immediate" {
		text := d.Strategy
		if d.Slot != "" {
			text += ", in slot " + d.Slot
		}
		field(p, "deploys", text)
	}
	if len(d.Replicas) > 0 {
		field(p, "replicas", strings.Join(d.Replicas, " "))
	}
	if last := d.Last; last != nil {
		text := "done, run " + number64(last.Run)
		if !last.OK {
			text = "failed, run " + number64(last.Run)
		}
		text += " at " + clock(last.Time, p.st)
		if last.TookSecs > 0 {
			text += " in " + Duration(seconds(last.TookSecs))
		}
		field(p, "deployed", text+": "+last.Reason)
	}
	if d.Earlier > 0 {
		text := count(d.Earlier, "earlier generation")
		if len(d.Differs) > 0 {
			text += "; the newest differs in " + strings.Join(d.Differs, ", ")
		}
		field(p, "rollback", text)
	}
}
