package config

import (
	"fmt"
	"time"
	"unicode/utf8"

	"systemg/supervisor/cron/calendar"
)

// schedule checks when a cron job is due, and by the clock of which zone.
func (d *decoder) schedule(expression, zone *node, c *Cron) {
	name := c.Timezone
	if _, err := calendar.Parse("@daily", name); err != nil {
		if zone != nil {
			d.wrong(zone, err.Error(), "it is like Europe/Berlin or UTC")
		}
		name = ""
	}
	if expression == nil {
		return
	}
	due, err := calendar.Parse(c.Expression, name)
	if err != nil {
		d.wrong(expression, fmt.Sprintf("cannot read the cron expression: %v", err), "the fields are second minute hour day month weekday, or the last five")
		return
	}
	// What is due at all is due within the years that Next looks at, from
	// whenever it looks.
	if _, ok := due.Next(time.Unix(0, 0)); !ok {
		d.note(SeverityWarning, expression.pos, utf8.RuneCountInString(expression.value), "no such month has such a day; sysg trigger still runs it",
			"the cron expression is never due")
	}
}
