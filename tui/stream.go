package tui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"systemg/ipc"
	"systemg/tui/pane/logs"
)

// stream is a log stream that is open.
type stream struct {
	key    int
	params ipc.LogsParams
	cancel context.CancelFunc
}

// arrivals are lines that nobody took yet.
type arrivals struct {
	lines []logs.Line
	// count is how many lines were written, as far as anybody could count
	// them.
	count int64
	// dropped is how many were let go from the front of lines.
	dropped int64
	// ended is why there will be no more, "" where there will.
	ended string
}

// How lines are read: a batch of the supervisor's has up to 256, and after
// perBeat lines the reader rests until the beat is over. That is more than
// a screen can show, and the cost of a flood is bounded: the
// supervisor jumps to the newest lines where the reader is behind. With more than
// two streams beats are longer, so that four floods cost what two do.
const (
	beat    = 33 * time.Millisecond
	perBeat = 256
	// unreadLines is how many lines wait at most.
	unreadLines = 4000
)

// open begins a stream under a key, in place of the one that was there.
func (f *feed) open(key int, p ipc.LogsParams) {
	f.shut(key)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx == nil {
		return
	}
	ctx, cancel := context.WithCancel(f.ctx)
	s := &stream{key: key, params: p, cancel: cancel}
	f.streams[key] = s
	f.wait.Go(func() { f.listen(ctx, s) })
}

// shut ends the stream of a key; what came of it and was not taken is gone.
func (f *feed) shut(key int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.streams[key]; s != nil {
		s.cancel()
		delete(f.streams, key)
		delete(f.inbox.lines, key)
	}
}

// listen reads a stream, over restarts of the supervisor too.
func (f *feed) listen(ctx context.Context, s *stream) {
	door := logs.NewDoor()
	p := s.params
	var lost time.Time
	var why error
	err := f.whileUp(ctx, func(client *ipc.Client) error {
		if !lost.IsZero() {
			text := "reconnected, gap " + f.clock().Sub(lost).Round(time.Second).String()
			if code(why) == ipc.CodeTooMany {
				text += ": others needed the place"
			}
			f.bring(s, logs.Batch{Lines: []logs.Line{{Mark: logs.Gap, Time: f.clock().UnixNano(), Text: text}}})
			if since := door.Resume(); !since.IsZero() {
				p.Since, p.Lines = since, -1
			}
		}
		pace := pacer{began: time.Now()}
		err := stream1(ctx, client, ipc.MethodLogs, p, ipc.NoteLog, func(b ipc.LogBatch) error {
			f.bring(s, door.Take(b))
			return pace.rest(ctx, len(b.Lines), f.beat())
		})
		lost, why = f.clock(), err
		if err == nil {
			err = errEnded
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		f.end(s, said(err))
	}
}

// pacer bounds how many lines are read in a beat.
type pacer struct {
	began time.Time
	n     int
}

// beat is how long a beat is for each of the streams that are open.
func (f *feed) beat() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return beat * time.Duration(max(len(f.streams)+1, 2)/2)
}

// rest counts lines, and waits where there were enough for a beat.
func (p *pacer) rest(ctx context.Context, lines int, beat time.Duration) error {
	if p.n += lines; p.n < perBeat {
		return nil
	}
	left := beat - time.Since(p.began)
	if left > 0 {
		timer := time.NewTimer(left)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.began, p.n = time.Now(), 0
	return nil
}

// bring puts lines into the inbox.
func (f *feed) bring(s *stream, b logs.Batch) {
	f.mu.Lock()
	if f.streams[s.key] == s {
		a := f.inbox.lines[s.key]
		if a == nil {
			a = &arrivals{}
			f.inbox.lines[s.key] = a
		}
		a.count += int64(len(b.Lines)) + b.Skipped
		a.lines = append(a.lines, b.Lines...)
		if over := len(a.lines) - unreadLines; over > unreadLines/4 {
			a.dropped += int64(over)
			a.lines = append([]logs.Line(nil), a.lines[over:]...)
		}
	}
	f.mu.Unlock()
	f.wake()
}

// end tells that a stream has no more lines, and why.
func (f *feed) end(s *stream, why string) {
	f.mu.Lock()
	if f.streams[s.key] == s {
		a := f.inbox.lines[s.key]
		if a == nil {
			a = &arrivals{}
			f.inbox.lines[s.key] = a
		}
		a.ended = why
	}
	f.mu.Unlock()
	f.wake()
}

// stream1 makes a request of which one kind of notification matters.
func stream1[T any](ctx context.Context, client *ipc.Client, method string, params any, note string, take func(T) error) error {
	return client.Stream(ctx, method, params, func(name string, raw json.RawMessage) error {
		if name != note {
			return nil
		}
		var b T
		if err := json.Unmarshal(raw, &b); err != nil {
			return fmt.Errorf("cannot read what the supervisor sent: %w", err)
		}
		return take(b)
	}, nil)
}

// ask makes a request on a connection of its own.
func (f *feed) ask(ctx context.Context, method string, params, result any) error {
	client, err := f.reach.Dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Call(ctx, method, params, result)
}

// read reads lines until there are no more, or as many as wanted; 0 is all.
func (f *feed) read(ctx context.Context, p ipc.LogsParams, atMost int) ([]logs.Line, error) {
	client, err := f.reach.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	door := logs.NewDoor()
	var list []logs.Line
	err = stream1(ctx, client, ipc.MethodLogs, p, ipc.NoteLog, func(b ipc.LogBatch) error {
		list = append(list, door.Take(b).Lines...)
		if atMost > 0 && len(list) >= atMost {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return list, err
}

// errEnough ends a stream of which there was enough.
var errEnough = errors.New("that is enough")
