package supervisor

import (
	"strings"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/unit"
)

// The commands of a rollout as steps of the candidate's run.
const (
	stepSwitch unit.StepKind = "switch_command"
	stepVerify unit.StepKind = "switch_verify"
	stepBack   unit.StepKind = "switch_back"
)

func rolloutStep(c deploy.Command) unit.StepKind {
	switch c {
	case deploy.Switch:
		return stepSwitch
	case deploy.Verify:
		return stepVerify
	case deploy.Back:
		return stepBack
	}
	return unit.NoStep
}

func rolloutCommand(step unit.StepKind) (deploy.Command, bool) {
	for _, c := range []deploy.Command{deploy.Switch, deploy.Verify, deploy.Back} {
		if step == rolloutStep(c) {
			return c, true
		}
	}
	return "", false
}

// slots are where a blue-green unit's instances stand: that which serves before
// a rollout and that which is to serve after it. Outside a rollout both are the
// unit's own.
type slots struct{ now, candidate, own string }

// fill puts the slots into a text of the manifest.
func (s slots) fill(text string) string {
	return strings.NewReplacer("{slot}", s.now, "{candidate_slot}", s.candidate).Replace(text)
}

// slots are what a command that belongs to the instance is told.
func (e *entry) slots(in *instance) slots {
	if in == e.candidate {
		return slots{now: e.slot, candidate: in.slot, own: in.slot}
	}
	return slots{now: in.slot, candidate: in.slot, own: in.slot}
}

// candidateSlot is the slot that is free.
func candidateSlot(def *config.Unit, taken string) string {
	g := def.Deployment.BlueGreen
	switch {
	case g == nil:
		return ""
	case taken == g.Slots[0]:
		return g.Slots[1]
	}
	return g.Slots[0]
}

// firstSlot is where an instance stands that replaces none.
func firstSlot(def *config.Unit, had string) string {
	g := def.Deployment.BlueGreen
	switch {
	case g == nil:
		return ""
	case had == g.Slots[1]:
		return had
	}
	return g.Slots[0]
}
