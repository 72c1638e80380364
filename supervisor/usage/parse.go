package usage

import (
	"bytes"
	"time"
)

// ticksPerSecond is the unit of times in /proc/PID/stat: USER_HZ, which is 100
// on every architecture Go runs on (proc_pid_stat(5)).
const ticksPerSecond = 100

// tick is one of them.
const tick = time.Second / ticksPerSecond

// member is one process of a tree as /proc/PID/stat shows it.
type member struct {
	pid, ppid int32
	// start is when it began, in ticks since boot: with the pid it tells
	// a process from any other.
	start uint64
	// self is the CPU time of the process, kids that of the children it
	// has waited for and of theirs, both in ticks.
	self, kids uint64
	// pages are resident.
	pages uint64
	state byte
}

// zombie is whether the process has ended and waits to be waited for.
func (m *member) zombie() bool { return m.state == 'Z' || m.state == 'X' }

// parseStat reads a /proc/PID/stat. The name of the process, which may hold
// anything, ends at the last parenthesis.
func parseStat(text []byte) (m member, name []byte, ok bool) {
	begin, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if begin < 1 || end < begin {
		return member{}, nil, false
	}
	pid, _ := number(bytes.TrimSpace(text[:begin]))
	fields := bytes.TrimLeft(text[end+1:], " ")
	if len(fields) == 0 {
		return member{}, nil, false
	}
	m = member{pid: int32(pid), state: fields[0]}
	// Fields count from 1 and the state is the third (proc_pid_stat(5)).
	rest := fields[1:]
	for at := 4; at <= 24; at++ {
		var value uint64
		value, rest = nextNumber(rest)
		switch at {
		case 4:
			m.ppid = int32(value)
		case 14, 15:
			m.self += value
		case 16, 17:
			m.kids += value
		case 22:
			m.start = value
		case 24:
			m.pages = value
		}
	}
	return m, text[begin+1 : end], m.start > 0
}

// nextNumber skips blanks and reads a number; a negative one is 0.
func nextNumber(text []byte) (uint64, []byte) {
	i := 0
	for i < len(text) && text[i] == ' ' {
		i++
	}
	value, n := number(text[i:])
	for i += n; i < len(text) && text[i] != ' '; i++ {
		value = 0 // not a number after all
	}
	return value, text[i:]
}

// number reads the digits at the beginning of text and counts them.
func number(text []byte) (value uint64, digits int) {
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		value = value*10 + uint64(text[digits]-'0')
		digits++
	}
	return value, digits
}

// parseCPUStat reads the CPU time in a cgroup's cpu.stat.
func parseCPUStat(text []byte) (time.Duration, bool) {
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("usage_usec ")); ok {
			value, digits := number(rest)
			return time.Duration(value) * time.Microsecond, digits > 0
		}
	}
	return 0, false
}

// commandLine is a /proc/PID/cmdline as a person would have typed it, or the
// name in brackets where there is none, as of a kernel thread or a zombie.
func commandLine(text, name []byte) string {
	text = bytes.TrimRight(text, "\x00")
	if len(text) == 0 {
		return "[" + string(name) + "]"
	}
	return string(bytes.ReplaceAll(text, []byte{0}, []byte{' '}))
}

// parseLimits reads a /proc/PID/limits: a heading, then lines of a name, a
// soft and a hard value and perhaps a unit, in columns that the heading sets.
func parseLimits(text []byte) []Limit {
	heading, rest, _ := bytes.Cut(text, []byte{'\n'})
	soft := bytes.Index(heading, []byte("Soft Limit"))
	hard := bytes.Index(heading, []byte("Hard Limit"))
	units := bytes.Index(heading, []byte("Units"))
	if soft < 0 || hard < soft || units < hard {
		return nil
	}
	var all []Limit
	for line := range bytes.Lines(rest) {
		if len(line) < units {
			continue
		}
		all = append(all, Limit{
			Name: string(bytes.TrimSpace(line[:soft])),
			Soft: string(bytes.TrimSpace(line[soft:hard])),
			Hard: string(bytes.TrimSpace(line[hard:units])),
			Unit: string(bytes.TrimSpace(line[units:])),
		})
	}
	return all
}
