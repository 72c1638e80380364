package ipc

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A system may have thousands of units, and people ask for its status in loops. So
// lists of units are written and read here, as encoding/json does it and several
// times faster. What is read in another shape than this writes is left to that.

// appendUnits appends a list of units. The error is encoding/json's, for a figure
// that is no number.
func appendUnits(dst []byte, units []Unit) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i := range units {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = units[i].appendJSON(dst); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (u *Unit) appendJSON(dst []byte) ([]byte, error) {
	var err error
	dst = appendString(append(dst, `{"id":`...), u.ID)
	dst = appendString(append(dst, `,"project":`...), u.Project)
	dst = appendString(append(dst, `,"name":`...), u.Name)
	dst = appendMember(dst, `,"base":`, u.Base)
	if u.Replica != 0 {
		dst = strconv.AppendInt(append(dst, `,"replica":`...), int64(u.Replica), 10)
	}
	dst = appendString(append(dst, `,"hash":`...), u.Hash)
	dst = appendString(append(dst, `,"kind":`...), u.Kind)
	dst = appendString(append(dst, `,"state":`...), u.State)
	dst = appendString(append(dst, `,"health":`...), u.Health)
	dst = appendString(append(dst, `,"deploy":`...), u.Deploy)
	if u.Rollout != nil {
		if dst, err = appendAny(append(dst, `,"rollout":`...), u.Rollout); err != nil {
			return nil, err
		}
	}
	dst = appendMember(dst, `,"reason":`, u.Reason)
	dst = appendMoment(dst, `,"since":`, u.Since)
	dst = appendString(append(dst, `,"desired":`...), u.Desired)
	dst = strconv.AppendInt(append(dst, `,"pid":`...), int64(u.PID), 10)
	dst = strconv.AppendUint(append(dst, `,"run":`...), u.Run, 10)
	dst = appendMoment(dst, `,"started_at":`, u.StartedAt)
	if dst, err = appendFloat(append(dst, `,"uptime_secs":`...), u.UptimeSecs); err != nil {
		return nil, err
	}
	dst = strconv.AppendInt(append(dst, `,"restarts":`...), int64(u.Restarts), 10)
	dst = strconv.AppendInt(append(dst, `,"failures":`...), int64(u.Failures), 10)
	if u.LastExit != nil {
		dst = u.LastExit.appendJSON(append(dst, `,"last_exit":`...))
	}
	if dst, err = appendFloat(append(dst, `,"cpu_percent":`...), u.CPUPercent); err != nil {
		return nil, err
	}
	dst = strconv.AppendUint(append(dst, `,"memory_bytes":`...), u.MemoryBytes, 10)
	dst = strconv.AppendInt(append(dst, `,"processes":`...), int64(u.Processes), 10)
	dst = appendMoment(dst, `,"next_run":`, u.NextRun)
	dst = appendMoment(dst, `,"retry_at":`, u.RetryAt)
	for i, name := range u.Depends {
		dst = appendString(append(dst, []string{`,"depends":[`, `,`}[min(i, 1)]...), name)
	}
	if len(u.Depends) > 0 {
		dst = append(dst, ']')
	}
	dst = appendMember(dst, `,"containment":`, u.Containment)
	if u.Orphaned {
		dst = append(dst, `,"orphaned":true`...)
	}
	dst = appendMember(dst, `,"parent":`, u.Parent)
	return append(dst, '}'), nil
}

func (x *Exit) appendJSON(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, `{"run":`...), x.Run, 10)
	dst = strconv.AppendInt(append(dst, `,"code":`...), int64(x.Code), 10)
	dst = appendMember(dst, `,"signal":`, x.Signal)
	if x.Core {
		dst = append(dst, `,"core":true`...)
	}
	dst = appendTime(append(dst, `,"time":`...), x.Time)
	dst = appendString(append(dst, `,"text":`...), x.Text)
	return append(dst, '}')
}

// appendString appends any string; what is no UTF-8 in it is replaced.
func appendString(dst []byte, s string) []byte {
	simple := true
	for i := range len(s) {
		simple = simple && s[i] < utf8.RuneSelf && escapes[s[i]] == ""
	}
	switch {
	case simple:
		return append(append(append(dst, '"'), s...), '"')
	case !utf8.ValidString(s):
		s = strings.Map(func(r rune) rune { return r }, s)
	}
	return appendText(dst, []byte(s))
}

// appendMember appends a member unless it is empty.
func appendMember(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(append(dst, name...), s)
}

// appendMoment appends a member unless it is the zero time.
func appendMoment(dst []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	return appendTime(append(dst, name...), t)
}

// appendFloat appends a number, with an exponent only where it is very large or
// very small.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendAny(dst, f)
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64), nil
}

// appendAny appends what encoding/json makes of it.
func appendAny(dst []byte, v any) ([]byte, error) {
	encoded, err := marshal(v)
	return append(dst, encoded...), err
}

// readUnits reads a list of units.
func readUnits(items []byte) (units []Unit, err error) {
	r := unitReader{scanner: scanner{items}}
	units = make([]Unit, 0, len(items)/leastItem)
	if list, ok := r.units(units); ok {
		return list, nil
	}
	err = json.Unmarshal(items, &units)
	return units, err
}

// unitReader reads what appendUnits writes, and gives up at anything else.
type unitReader struct {
	scanner
	// These are most often what they were in the unit before.
	project, kind, state, health, deploy, desired, containment string
}

func (r *unitReader) units(list []Unit) ([]Unit, bool) {
	if !r.eat("[") {
		return nil, false
	}
	for {
		list = append(list, Unit{})
		if !r.unit(&list[len(list)-1]) {
			return nil, false
		}
		if !r.eat(",") {
			return list, r.eat("]") && len(r.rest) == 0
		}
	}
}

// unit reads one unit. One that is being replaced is left to encoding/json.
func (r *unitReader) unit(u *Unit) bool {
	return r.identity(u) && r.condition(u) && r.figures(u) && r.rarities(u) && r.eat("}")
}

func (r *unitReader) identity(u *Unit) bool {
	return r.eat(`{"id":`) && r.string(&u.ID) &&
		r.eat(`,"project":`) && r.known(&r.project, &u.Project) &&
		r.eat(`,"name":`) && r.string(&u.Name) &&
		(!r.eat(`,"base":`) || r.string(&u.Base)) &&
		(!r.eat(`,"replica":`) || r.integer(&u.Replica)) &&
		r.eat(`,"hash":`) && r.string(&u.Hash) &&
		r.eat(`,"kind":`) && r.known(&r.kind, &u.Kind)
}

func (r *unitReader) condition(u *Unit) bool {
	return r.eat(`,"state":`) && r.known(&r.state, &u.State) &&
		r.eat(`,"health":`) && r.known(&r.health, &u.Health) &&
		r.eat(`,"deploy":`) && r.known(&r.deploy, &u.Deploy) &&
		(!r.eat(`,"reason":`) || r.string(&u.Reason)) &&
		(!r.eat(`,"since":`) || r.moment(&u.Since)) &&
		r.eat(`,"desired":`) && r.known(&r.desired, &u.Desired)
}

func (r *unitReader) figures(u *Unit) bool {
	return r.eat(`,"pid":`) && r.integer(&u.PID) &&
		r.eat(`,"run":`) && r.number(&u.Run) &&
		(!r.eat(`,"started_at":`) || r.moment(&u.StartedAt)) &&
		r.eat(`,"uptime_secs":`) && r.float(&u.UptimeSecs) &&
		r.eat(`,"restarts":`) && r.integer(&u.Restarts) &&
		r.eat(`,"failures":`) && r.integer(&u.Failures) &&
		(!r.eat(`,"last_exit":`) || r.exit(&u.LastExit)) &&
		r.eat(`,"cpu_percent":`) && r.float(&u.CPUPercent) &&
		r.eat(`,"memory_bytes":`) && r.number(&u.MemoryBytes) &&
		r.eat(`,"processes":`) && r.integer(&u.Processes)
}

func (r *unitReader) rarities(u *Unit) bool {
	ok := (!r.eat(`,"next_run":`) || r.moment(&u.NextRun)) &&
		(!r.eat(`,"retry_at":`) || r.moment(&u.RetryAt)) &&
		(!r.eat(`,"depends":[`) || r.strings(&u.Depends)) &&
		(!r.eat(`,"containment":`) || r.known(&r.containment, &u.Containment))
	u.Orphaned = ok && r.eat(`,"orphaned":true`)
	return ok && (!r.eat(`,"parent":`) || r.string(&u.Parent))
}

func (r *unitReader) exit(to **Exit) bool {
	x := &Exit{}
	*to = x
	if !r.eat(`{"run":`) || !r.number(&x.Run) || !r.eat(`,"code":`) || !r.integer(&x.Code) ||
		r.eat(`,"signal":`) && !r.string(&x.Signal) {
		return false
	}
	x.Core = r.eat(`,"core":true`)
	return r.eat(`,"time":`) && r.moment(&x.Time) && r.eat(`,"text":`) && r.string(&x.Text) && r.eat("}")
}

// known reads a string that is most often what it was the last time.
func (r *unitReader) known(last, to *string) bool {
	ok := r.name(last)
	*to = *last
	return ok
}

func (r *unitReader) moment(to *time.Time) bool {
	text, ok := r.raw()
	return ok && to.UnmarshalText(text) == nil
}

// strings reads the rest of a list of strings.
func (r *unitReader) strings(to *[]string) bool {
	for {
		var one string
		if !r.string(&one) {
			return false
		}
		*to = append(*to, one)
		if !r.eat(",") {
			*to = slices.Clip(*to)
			return r.eat("]")
		}
	}
}
