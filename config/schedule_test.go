package config

import (
	"strings"
	"testing"
)

// A schedule that is never due is a warning: the job can still be triggered.
func TestAScheduleThatIsNeverDue(t *testing.T) {
	plan := mustLoad(t, `
version: 1
services:
  job:
    command: job
    cron: {expression: "0 0 31 2 *", timezone: Europe/Berlin}
`)
	for _, w := range plan.Warnings {
		if strings.Contains(w.String(), "the cron expression is never due") {
			return
		}
	}
	t.Errorf("warnings: %v", plan.Warnings)
}
