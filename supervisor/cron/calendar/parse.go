package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // A zone has the same rules on machines that have none.

	cron "github.com/netresearch/go-cron"
)

// Schedule is the set of times at which a job is due. The zero Schedule is
// never due.
type Schedule struct {
	expression string
	zone       *time.Location
	// every is the period of an @every; the fields are of no account then.
	every time.Duration

	second, minute, hour, day, month, weekday field
	// either is whether one of day and weekday is enough.
	either bool
	// repeats is whether the job runs in both showings of a time.
	repeats bool
	// steady is whether a whole hour left out is no loss; seamless whether
	// no stretch left out is.
	steady, seamless bool
}

// String is the expression.
func (s Schedule) String() string { return s.expression }

// Zone is where the expression's clock hangs.
func (s Schedule) Zone() *time.Location { return s.zone }

// fields reads what the package comment describes; the rules for day and
// weekday are not left to it.
var fields = cron.MustNewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// names are the fields of an expression in their order.
var names = []string{"second", "minute", "hour", "day of the month", "month", "weekday"}

// values are what a field may have, in words.
var values = []string{"0-59", "0-59", "0-23", "1-31", "1-12 and JAN-DEC", "0-7 and SUN-SAT"}

var descriptors = map[string]string{
	"@yearly": "0 0 0 1 1 *", "@annually": "0 0 0 1 1 *",
	"@monthly": "0 0 0 1 * *",
	"@weekly":  "0 0 0 * * 0",
	"@daily":   "0 0 0 * * *", "@midnight": "0 0 0 * * *",
	"@hourly": "0 0 * * * *",
}

// maxExpression is more than any expression that means something, in bytes.
const maxExpression = 1024

// Parse reads an expression. The zone is an IANA name such as Europe/Berlin;
// an empty one is the machine's own.
func Parse(expression, zone string) (Schedule, error) {
	where, err := location(zone)
	if err != nil {
		return Schedule{}, err
	}
	expression = strings.TrimSpace(expression)
	s := Schedule{expression: expression, zone: where}
	switch {
	case expression == "":
		return Schedule{}, errors.New("the cron expression is empty")
	case len(expression) > maxExpression:
		return Schedule{}, fmt.Errorf("the cron expression is longer than %d bytes", maxExpression)
	case strings.HasPrefix(expression, "TZ="), strings.HasPrefix(expression, "CRON_TZ="):
		return Schedule{}, errors.New("the cron expression names a time zone: set timezone instead")
	case strings.HasPrefix(expression, "@every"):
		s.every, err = period(strings.TrimSpace(strings.TrimPrefix(expression, "@every")))
		if err != nil {
			return Schedule{}, err
		}
		return s, nil
	case strings.HasPrefix(expression, "@"):
		known, ok := descriptors[strings.ToLower(expression)]
		if !ok {
			return Schedule{}, fmt.Errorf("%q is none of @yearly, @monthly, @weekly, @daily, @hourly and @every", expression)
		}
		expression = known
	}
	return s.read(strings.Fields(expression))
}

func location(zone string) (*time.Location, error) {
	if zone == "" {
		return time.Local, nil
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", zone)
	}
	return where, nil
}

func period(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("@every needs a duration such as 90s or 2h, not %q", text)
	case d < time.Second || d%time.Second != 0:
		return 0, fmt.Errorf("@every needs whole seconds, at least one, not %q", text)
	}
	return d, nil
}

// read fills in the fields.
func (s Schedule) read(texts []string) (Schedule, error) {
	if len(texts) == 5 {
		texts = append([]string{"0"}, texts...)
	}
	if len(texts) != len(names) {
		return Schedule{}, fmt.Errorf("a cron expression has 6 fields or 5, not %d", len(texts))
	}
	var sets [6]field
	for i, text := range texts {
		set, err := one(i, text)
		if err != nil {
			return Schedule{}, fmt.Errorf("the %s %q: %w", names[i], text, err)
		}
		sets[i] = set
	}
	s.second, s.minute, s.hour, s.day, s.month, s.weekday = sets[0], sets[1], sets[2], sets[3], sets[4], sets[5]
	s.either = !open(texts[3]) && !open(texts[5])
	hourly := s.hour == 1<<24-1
	s.repeats = hourly || open(texts[1])
	s.steady = hourly
	s.seamless = hourly && open(texts[1])
	return s, nil
}

// open is whether a field restricts nothing by classic cron's measure.
func open(text string) bool { return text[0] == '*' || text[0] == '?' }

// one reads one field, the others left open, so that an error can name it.
func one(at int, text string) (field, error) {
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			return 0, errors.New("a value of the list is empty")
		}
	}
	upper := strings.ToUpper(text)
	switch {
	case strings.Contains(text, "#"), at == 3 && strings.ContainsAny(upper, "LW"):
		return 0, errors.New("there is no L, W or # in cron expressions here")
	case strings.HasPrefix(upper, "H"), strings.Contains(upper, ",H"):
		return 0, errors.New("there is no H in cron expressions here")
	}
	texts := []string{"*", "*", "*", "*", "*", "*"}
	texts[at] = text
	parsed, err := fields.Parse(strings.Join(texts, " "))
	if number := (*strconv.NumError)(nil); errors.As(err, &number) {
		return 0, fmt.Errorf("%q is none of %s", number.Num, values[at])
	}
	if err != nil {
		return 0, errors.New(strings.TrimSuffix(err.Error(), fmt.Sprintf(": %q", text)))
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return 0, errors.New("it is not a field")
	}
	bits := [...]uint64{spec.Second, spec.Minute, spec.Hour, spec.Dom, spec.Month, spec.Dow}[at]
	return field(bits &^ star), nil
}

// star is how the parser marks a field that was written with a star.
const star = 1 << 63
