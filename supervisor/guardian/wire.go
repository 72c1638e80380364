package guardian

import (
	"syscall"

	"systemg/supervisor/proc"
)

// Protocol is the version of the messages. A program with another one cannot
// be the supervisor of this guardian.
const Protocol = 1

// ChannelFD is the supervisor's descriptor of the channel, ReadyFD the one on
// which whoever started it waits, KeepsakeFD that of its keepsake.
const (
	ReadyFD    = 3
	ChannelFD  = 4
	KeepsakeFD = 5
)

// word is the first argument of a guardian.
const word = "__guard"

const sigkill = syscall.SIGKILL

// The messages' names. Up is from the supervisor to the guardian.
const (
	// opHello (up) is the first; the guardian answers opInherit for what it
	// holds, opExits, and opWelcome.
	opHello   = "hello"
	opInherit = "inherit"
	opWelcome = "welcome"
	// opExits tells of children that ended; opAck (up) says up to which the
	// supervisor has written them down.
	opExits = "exits"
	opAck   = "ack"
	// opSync (up) asks for all there is; opSynced follows it.
	opSync   = "sync"
	opSynced = "synced"
	// opPipes (up) changes which pipes are held, opHold and opDrop (up)
	// which descriptors.
	opPipes = "pipes"
	opHold  = "hold"
	opDrop  = "drop"
	// opReady (up): the supervisor answers on its socket.
	opReady = "ready"
	// opBye (up): the supervisor ends by order.
	opBye = "bye"
	// opUpgrade (up) carries the program that is to follow this one.
	opUpgrade = "upgrade"
)

// message is one packet.
type message struct {
	Op       string `json:"op"`
	Protocol int    `json:"protocol,omitempty"`
	// Names are those of the descriptors that come with the packet, or, of
	// opDrop, one that is to go.
	Names []string `json:"names,omitempty"`
	// Pipes are paths, each after a + or a -.
	Pipes []string `json:"pipes,omitempty"`
	Exits []Exit   `json:"exits,omitempty"`
	Seq   uint64   `json:"seq,omitempty"`
	// Path is where the program of an upgrade lies.
	Path string `json:"path,omitempty"`
	// Welcome is the message's content.
	Welcome *Welcome `json:"welcome,omitempty"`
}

// Exit is a child of the guardian that ended. Numbers grow.
type Exit struct {
	Seq uint64 `json:"seq"`
	proc.Remains
}

// Welcome is what a supervisor is told of what went before.
type Welcome struct {
	// Guardian is the guardian's pid.
	Guardian int `json:"guardian"`
	// Starts counts the supervisors that this guardian has started.
	Starts int `json:"starts"`
	// Before is how the supervisor before this one ended, empty for none.
	Before  string  `json:"before,omitempty"`
	Crashes Crashes `json:"crashes"`
	// Upgrade is set where this supervisor follows an attempt at one.
	Upgrade *Upgrade `json:"upgrade,omitempty"`
}

// Upgrade is an attempt to change the program.
type Upgrade struct {
	// Path is the new program's. Failed says why the old one is back, empty
	// while the new one runs.
	Path   string `json:"path"`
	Failed string `json:"failed,omitempty"`
}
