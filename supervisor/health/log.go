package health

import (
	"context"
	"iter"
	"regexp"
	"time"
)

// Log is well for good once a line of the run matches.
type Log struct {
	Match *regexp.Regexp
	// Lines are those of the run, of both its streams, from its first on,
	// and then as they come; they end when the consumer wants no more, or
	// ctx ends. An error, or an end before that, makes a failure, and after
	// the interval Lines is asked anew.
	Lines func(ctx context.Context) iter.Seq2[Line, error]
}

// Line is a line of a log, or a piece of one.
type Line struct {
	// Stream tells the streams of a run apart, by any number.
	Stream int
	Data   []byte
	// Open is true where no newline follows yet.
	Open bool
}

// lineLimit is how many bytes of the pieces of a line are put together.
const lineLimit = 64 << 10

// Awaits says what has not come yet.
func (p Log) Awaits() string { return "no line of the log matches " + p.name() + " yet" }

func (p Log) name() string { return "/" + plain(p.Match.String(), maxText) + "/" }

func (p Log) watch(ctx context.Context, s Spec, report func(News)) {
	begun := time.Now()
	for {
		found, err := p.read(ctx)
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return
		case found != nil:
			report(Result{OK: true, Text: "the log says: " + plain(string(found), maxText), Time: now, Took: now.Sub(begun)})
			<-ctx.Done()
			return
		case err != nil:
			report(Result{Text: "cannot read the log: " + plain(err.Error(), maxText), Time: now})
		default:
			report(Result{Text: "the log ended, and no line matches " + p.name(), Time: now})
		}
		if !rest(ctx, s.Interval) {
			return
		}
	}
}

// read is the first line that matches, nil where there is none.
func (p Log) read(ctx context.Context) ([]byte, error) {
	begun := map[int][]byte{}
	for line, err := range p.Lines(ctx) {
		if err != nil {
			return nil, err
		}
		whole := line.Data
		if head := begun[line.Stream]; len(head) > 0 && len(head)+len(line.Data) <= lineLimit {
			whole = append(head, line.Data...)
		}
		if p.Match.Match(whole) {
			return append([]byte{}, whole...), nil
		}
		if line.Open {
			begun[line.Stream] = append([]byte{}, whole...)
		} else {
			delete(begun, line.Stream)
		}
	}
	return nil, nil
}
