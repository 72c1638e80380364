package health

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// message is what datagrams of sd_notify(3) say, one or several together.
type message struct {
	ready, stopping bool
	// alive is WATCHDOG=1, trigger WATCHDOG=trigger.
	alive, trigger bool
	// status is nil where none was said.
	status *string
	extend time.Duration
}

// datagramLimit is the largest datagram that is read, in bytes.
const datagramLimit = 4 << 10

// extendLimit bounds what one EXTEND_TIMEOUT_USEC gives.
const extendLimit = 24 * time.Hour

// parse reads a datagram: lines of NAME=VALUE. Names it does not know, and
// values that make no sense, are passed over.
func parse(datagram []byte) message {
	var m message
	if bytes.IndexByte(datagram, 0) >= 0 {
		return m
	}
	for line := range bytes.Lines(datagram) {
		name, value, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("="))
		if !ok {
			continue
		}
		m = m.with(string(name), string(value))
	}
	return m
}

func (m message) with(name, value string) message {
	switch name {
	case "READY":
		if value == "1" {
			m.ready, m.stopping = true, false
		}
	case "STOPPING":
		m.stopping = m.stopping || value == "1"
	case "WATCHDOG":
		m.alive = m.alive || value == "1"
		m.trigger = m.trigger || value == "trigger"
	case "STATUS":
		text := plain(value, maxStatus)
		m.status = &text
	case "EXTEND_TIMEOUT_USEC":
		usec, err := strconv.ParseUint(value, 10, 64)
		if err == nil {
			m.extend = min(time.Duration(min(usec, math.MaxInt64/1000))*time.Microsecond, extendLimit)
		}
	}
	return m
}

// then is both messages as one, where the later takes back of the earlier what
// it contradicts.
func (m message) then(later message) message {
	if later.ready {
		m.ready, m.stopping = true, false
	}
	m.stopping = m.stopping || later.stopping
	m.alive = m.alive || later.alive
	m.trigger = m.trigger || later.trigger
	if later.status != nil {
		m.status = later.status
	}
	m.extend = max(m.extend, later.extend)
	return m
}

// empty is whether nothing was said.
func (m message) empty() bool { return m == message{} }
