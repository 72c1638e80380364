package tui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/plain"
	"systemg/tui/widget"
)

// RunPlain tells what happens in sentences, one line for each change, until ctx
// ends or it is left. With ask it takes questions and orders on o.In.
func RunPlain(ctx context.Context, o Options, ask bool) error {
	if err := o.Validate(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := newFeed(o.Reach, o.Project)
	f.ctx = ctx
	p := &speaker{o: o, feed: f, board: board.New(), out: bufio.NewWriter(o.Out), done: make(chan doneMsg)}
	p.board.SetLink(board.Link{State: board.Connecting, Socket: o.Socket})
	p.teller = plain.New(plain.Options{
		Ask: ask, ReadOnly: o.ReadOnly,
		Consequences: func(do pane.Do) []string { return sentences(question(p.board, do)) },
		Refused: func(do pane.Do) string {
			if p.board.Link.State != board.Live {
				return "there is no connection to the supervisor"
			}
			return impossible(p.board, do)
		},
	})
	heard := make(chan struct{})
	go func() { defer close(heard); f.run(ctx) }()
	err := p.run(ctx, ask)
	cancel()
	<-heard
	return err
}

// speaker is the dashboard in sentences.
type speaker struct {
	o      Options
	feed   *feed
	board  *board.Board
	teller *plain.Teller
	out    *bufio.Writer
	done   chan doneMsg
}

// run speaks until ctx ends, the listener leaves, or nobody reads any more.
func (p *speaker) run(ctx context.Context, ask bool) error {
	var typed <-chan string
	if ask {
		// It ends with the input; a terminal that is read from cannot be
		// interrupted, so nobody waits for it.
		typed = lines(p.o.In)
	}
	for {
		var say []string
		select {
		case <-ctx.Done():
			return nil
		case <-p.feed.woken:
			hear(p.board, p.feed.take(), p.o)
			say = p.teller.Tell(p.board, time.Now())
		case line, more := <-typed:
			if !more {
				return nil
			}
			words, do, quit := p.teller.Answer(p.board, line)
			if quit {
				return nil
			}
			say = words
			if do != nil {
				p.begin(ctx, *do)
			}
		case d := <-p.done:
			say = []string{widget.Words(d.say)}
			if d.err != nil {
				say = []string{widget.Words("cannot " + infinitive(d.did.Verb) + ": " + d.err.Error())}
			}
		}
		if err := p.speak(say); err != nil {
			return err
		}
	}
}

// speak writes sentences. Where nobody reads any more that is the end.
func (p *speaker) speak(list []string) error {
	for _, s := range list {
		fmt.Fprintln(p.out, s)
	}
	return p.out.Flush()
}

// begin does what was asked for; what came of it is told.
func (p *speaker) begin(ctx context.Context, do pane.Do) {
	go func() {
		d := doneMsg{did: do}
		d.say, d.err = perform(ctx, p.feed, do, func() (ipc.Manifest, error) { return p.o.Manifest(commonProject(do.Units)) })
		select {
		case p.done <- d:
		case <-ctx.Done():
		}
	}()
}

// lines are the lines of an input.
func lines(r io.Reader) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		in := bufio.NewScanner(r)
		for in.Scan() {
			out <- in.Text()
		}
	}()
	return out
}

// sentences are what a question says, without its title.
func sentences(c *overlay.Confirm) []string {
	list := make([]string, 0, len(c.Says))
	for _, l := range c.Says {
		list = append(list, strings.TrimSpace(l.Text))
	}
	return list
}

// hear gives the board what came.
func hear(b *board.Board, n news, o Options) (told bool) {
	for _, one := range n.states {
		switch one := one.(type) {
		case board.Link:
			one.Socket, one.Manifest = o.Socket, o.Here
			b.SetLink(one)
		case ipc.SubscribeResult:
			b.Begin(one)
			told = true
		case ipc.Delta:
			b.Apply(one)
			told = true
		case []ipc.Event:
			b.Tell(one)
		}
	}
	return told
}
