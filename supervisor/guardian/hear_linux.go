package guardian

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/proc"
)

// keepMost is how many exits are kept for a supervisor that does not
// acknowledge any; the oldest go first.
const keepMost = 1 << 16

// take handles a packet.
func (g *guard) take(p packet) {
	defer func() { p.from.proceed <- struct{}{} }()
	if p.from != g.reader {
		closeAll(p.files)
		return
	}
	if p.err != nil {
		g.drained = true
		return
	}
	m := p.message
	files := p.files
	switch m.Op {
	case opHello:
		g.greet(m)
	case opAck:
		g.acknowledged(m.Seq)
	case opSync:
		g.syncs = append(g.syncs, m.Seq)
		g.Told = min(g.Told, g.Seq)
	case opPipes:
		g.changePipes(m.Pipes)
	case opHold:
		files = g.hold(m.Names, files)
	case opDrop:
		g.drop(m.Names)
	case opReady:
		g.ready()
	case opBye:
		g.dismissed = true
	case opUpgrade:
		files = g.takeProgram(m, files)
	default:
		g.say("WARN", "a message that this guardian does not know", "op", m.Op)
	}
	closeAll(files)
}

// greet tells a new supervisor what is held, who has ended, and what went
// before. It waits at most a second for it.
func (g *guard) greet(m message) {
	if m.Protocol != Protocol {
		g.say("ERROR", "a supervisor that speaks another protocol", "protocol", m.Protocol, "mine", Protocol)
	}
	var names []string
	var files []int
	flush := func() {
		if len(names) > 0 {
			g.deliver(message{Op: opInherit, Names: names}, files)
			names, files = nil, nil
		}
	}
	for name, fd := range g.Held {
		names, files = append(names, name), append(files, fd)
		if len(files) == packetFiles {
			flush()
		}
	}
	flush()
	g.Told = 0
	for g.Told < g.Seq {
		if !g.tellSome(0) {
			break
		}
	}
	w := &Welcome{Guardian: os.Getpid(), Starts: g.Starts, Before: g.Before, Crashes: g.Crashes, Upgrade: g.upgrade}
	g.deliver(message{Op: opWelcome, Protocol: Protocol, Welcome: w}, nil)
}

func (g *guard) deliver(m message, files []int) {
	if err := send(g.Channel, m, files, 0); err != nil {
		g.say("WARN", "cannot tell the supervisor", "op", m.Op, "error", err)
	}
}

// keepExit keeps how a child ended. Only a session's leader can be the main
// process of a tree; of others nobody asks.
func (g *guard) keepExit(r proc.Remains) {
	if !r.Leader {
		return
	}
	g.Seq++
	g.Exits = append(g.Exits, Exit{Seq: g.Seq, Remains: r})
	if len(g.Exits) > keepMost {
		g.Exits = append([]Exit(nil), g.Exits[1:]...)
	}
}

func (g *guard) acknowledged(seq uint64) {
	at := 0
	for at < len(g.Exits) && g.Exits[at].Seq <= seq {
		at++
	}
	if g.Exits = g.Exits[at:]; len(g.Exits) == 0 {
		g.Exits = nil
		g.ends.clear(endsOf(g.Note))
	}
}

// tell tells the supervisor of what has ended, as far as there is room, and
// answers those who wait for that.
func (g *guard) tell() {
	if g.Channel < 0 || g.gone != nil {
		return
	}
	for g.Told < g.Seq {
		if !g.tellSome(unix.MSG_DONTWAIT) {
			return
		}
	}
	for _, seq := range g.syncs {
		_ = send(g.Channel, message{Op: opSynced, Seq: seq}, nil, unix.MSG_DONTWAIT)
	}
	g.syncs = nil
}

// tellSome sends a packet's worth of exits, and says whether that went well.
func (g *guard) tellSome(flags int) bool {
	from := 0
	for from < len(g.Exits) && g.Exits[from].Seq <= g.Told {
		from++
	}
	list := g.Exits[from:min(from+packetExits, len(g.Exits))]
	if len(list) == 0 {
		g.Told = g.Seq
		return true
	}
	if send(g.Channel, message{Op: opExits, Exits: list}, nil, flags) != nil {
		return false
	}
	g.Told = list[len(list)-1].Seq
	return true
}

// changePipes opens and closes read ends of pipes.
func (g *guard) changePipes(changes []string) {
	for _, change := range changes {
		if len(change) < 2 {
			continue
		}
		path := change[1:]
		if fd, ok := g.Pipes[path]; ok {
			_ = unix.Close(fd)
			delete(g.Pipes, path)
		}
		if change[0] != '+' {
			continue
		}
		if fd, err := openPipe(path, unix.O_CLOEXEC); err == nil {
			g.Pipes[path] = fd
		} else {
			g.say("WARN", "cannot hold a pipe", "path", path, "error", err)
		}
	}
}

// openPipe opens the read end of a named pipe.
func openPipe(path string, flags int) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|flags, 0)
	if err != nil {
		return -1, err
	}
	if !isPipe(fd) {
		_ = unix.Close(fd)
		return -1, unix.EINVAL
	}
	return fd, nil
}

// hold keeps descriptors by name, and gives back what is to be closed.
func (g *guard) hold(names []string, files []int) []int {
	for i, name := range names {
		if i >= len(files) {
			return nil
		}
		if old, ok := g.Held[name]; ok {
			_ = unix.Close(old)
		}
		g.Held[name] = files[i]
	}
	return files[min(len(names), len(files)):]
}

func (g *guard) drop(names []string) {
	for _, name := range names {
		if fd, ok := g.Held[name]; ok {
			_ = unix.Close(fd)
			delete(g.Held, name)
		}
	}
}

// ready is the supervisor's word that it answers.
func (g *guard) ready() {
	g.Life.Ready = time.Now()
	g.forgetNote()
	if g.ending {
		_ = unix.Kill(g.Child, unix.SIGTERM)
	}
	g.show()
	if g.trial < 0 {
		return
	}
	g.trialUntil = time.Time{}
	before := g.Program
	g.Program, g.trial = g.trial, -1
	if before >= 0 {
		_ = unix.Close(before)
	}
	g.say("INFO", "upgraded", "path", g.upgrade.Path)
	g.follow()
}

// takeProgram keeps the program that is to come next.
func (g *guard) takeProgram(m message, files []int) []int {
	if len(files) != 1 {
		return files
	}
	// Low numbers are what a child is given (start).
	fd, err := unix.FcntlInt(uintptr(files[0]), unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		return files
	}
	if g.next >= 0 {
		_ = unix.Close(g.next)
	}
	g.next, g.upgrade = fd, &Upgrade{Path: m.Path}
	return files
}

// say writes a line into the supervisor's log.
func (g *guard) say(level, text string, args ...any) {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level))
	f, err := os.OpenFile(g.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sysg guardian:", text, args)
		return
	}
	defer f.Close()
	slog.New(slog.NewTextHandler(f, nil)).Log(context.Background(), l, text, append(args, "guardian", os.Getpid())...)
}

func (g *guard) forgetNote() {
	if g.Note != "" {
		_ = os.Remove(g.Note)
	}
}
