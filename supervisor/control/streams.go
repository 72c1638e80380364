package control

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/logs"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// supervisorKind is the kind of the supervisor's own log.
const supervisorKind = "supervisor"

// logs streams output from the files, at the reader's pace.
func (s *server) logs(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.LogsParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	files, err := s.logSources(p)
	if err != nil {
		return nil, err
	}
	q := logs.Query{
		Lines: p.Lines, Since: p.Since, Until: p.Until, Run: p.Run, Follow: p.Follow, Newest: p.Newest, Blocks: p.Blocks,
	}
	if p.Grep != "" {
		if q.Grep, err = regexp.Compile(p.Grep); err != nil {
			return nil, ipc.Errorf(ipc.CodeUsage, "cannot use the pattern: %v", err)
		}
	}
	if p.Follow && p.UntilDown {
		var done context.CancelFunc
		ctx, done = context.WithCancel(ctx)
		defer done()
		sel := p.Selection
		if len(p.Down) > 0 {
			sel.Units = p.Down
		}
		go s.untilDown(ctx, sel, files, done)
	}
	if p.Follow {
		r.Trickle()
	}
	s.flush(files)
	var result ipc.LogsResult
	note := r.LogNote()
	err = logs.Read(ctx, files, q, s.mover, func(lines []logs.Line, skips []logs.Skip) error {
		for _, l := range lines {
			result.Lines += 1 + int64(bytes.Count(l.Data, newline))
		}
		for _, k := range skips {
			result.Skipped += k.Bytes
		}
		if err := sendSkips(r, files, skips); err != nil {
			return err
		}
		return sendLines(note, files, lines)
	})
	return result, err
}

// untilDown ends a stream of lines once the units are at rest and what they
// wrote is in the files. It ends with ctx.
func (s *server) untilDown(ctx context.Context, sel ipc.Selection, files []logs.File, done func()) {
	for {
		snap, newer := s.sup.Next()
		views, err := snap.Select(selectionOf(sel), true)
		if err != nil || !slices.ContainsFunc(views, active) {
			s.flush(files)
			done()
			return
		}
		select {
		case <-newer:
		case <-ctx.Done():
			return
		}
	}
}

// active is whether something of a unit lives, or will without an operator: a
// job when it is due, a unit that watches when a file changes.
func active(v *supervisor.View) bool {
	waits := v.Unit.State == unit.Scheduled || v.Def.Watch != nil && v.Unit.Desired == unit.Up
	return v.Unit.Alive() || v.Leaving || !v.Unit.Settled() || waits
}

// flush has what units have written so far reach the files first.
func (s *server) flush(files []logs.File) {
	for _, f := range files {
		if stream, ok := s.outputs.Stream(f.Unit, f.Kind); ok {
			if err := stream.Drain(); err != nil {
				s.log.Warn("cannot drain", "unit", f.Unit, "kind", f.Kind, "error", err)
			}
		}
	}
}

// logSources are the files a request is about. Without a selection they are
// those of every unit that is known.
func (s *server) logSources(p ipc.LogsParams) ([]logs.File, error) {
	kinds := p.Kinds
	if len(kinds) == 0 {
		kinds = []string{"stdout"}
	}
	if contains(kinds, supervisorKind) {
		if len(kinds) > 1 || len(p.Units) > 0 || p.Project != "" {
			return nil, ipc.Errorf(ipc.CodeUsage, "the supervisor's log is no unit's: ask for it alone")
		}
		return []logs.File{{Kind: supervisorKind, Path: s.paths.SupervisorLog()}}, nil
	}
	_, views, err := s.views(p.Selection, len(p.Units) > 0)
	if err != nil {
		return nil, err
	}
	return LogFiles(s.paths, views, kinds)
}

// LogFiles are the files of the units' streams.
func LogFiles(paths store.Paths, views []*supervisor.View, kinds []string) ([]logs.File, error) {
	var files []logs.File
	for _, v := range views {
		for _, kind := range kinds {
			if !contains(supervisor.Kinds, kind) {
				return nil, ipc.Errorf(ipc.CodeUsage, "there is no kind of log %q: it is stdout, stderr or supervisor", kind)
			}
			files = append(files, logs.File{
				Unit: v.ID, Kind: kind, Path: paths.Log(v.Def.Project, v.Def.Name, kind),
			})
		}
	}
	return files, nil
}

var newline = []byte{'\n'}

// The bounds of one log note and of one line in it, in bytes: escaped as JSON a
// byte takes up to six, and a message has 1 MiB.
const (
	logBudget = 128 << 10
	lineBytes = 64 << 10
)

// sendLines sends lines in notes that fit a message.
func sendLines(note *ipc.LogNote, files []logs.File, lines []logs.Line) error {
	for _, line := range lines {
		f := files[line.File]
		for rest := line.Data; ; {
			text := rest
			rest = nil
			if len(text) > lineBytes {
				text, rest = text[:lineBytes], text[lineBytes:]
			}
			note.Add(ipc.LogLine{Unit: f.Unit, Kind: f.Kind, Time: line.Time, Run: line.Run, Open: line.Open || rest != nil}, text)
			if note.Size() >= logBudget {
				if err := note.Send(); err != nil {
					return err
				}
			}
			if rest == nil {
				break
			}
		}
	}
	return note.Send()
}

// sendSkips tells of what is left out.
func sendSkips(r *ipc.Request, files []logs.File, skips []logs.Skip) error {
	if len(skips) == 0 {
		return nil
	}
	batch := ipc.LogBatch{Request: r.ID}
	for _, k := range skips {
		f := files[k.File]
		batch.Skipped = append(batch.Skipped, ipc.LogSkip{Unit: f.Unit, Kind: f.Kind, Bytes: k.Bytes, Lines: k.Lines, Why: k.Why})
	}
	return r.Notify(ipc.NoteLog, batch)
}

// LineOf is a line as a client sees it.
func LineOf(f logs.File, line logs.Line) ipc.LogLine {
	out := ipc.LogLine{Unit: f.Unit, Kind: f.Kind, Time: line.Time, Run: line.Run, Open: line.Open}
	if utf8.Valid(line.Data) {
		out.Text = string(line.Data)
	} else {
		out.Bytes = line.Data
	}
	return out
}

// The bounds of one note of events: how many, and about how many bytes.
const (
	eventBatch = 500
	eventBytes = ipc.PageBytes
)

// events streams the journal.
func (s *server) events(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.EventsParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	filter := store.Filter{Since: p.Since, AfterSeq: p.After, Project: p.Project, Limit: p.Limit}
	if len(p.Units) > 0 {
		_, views, err := s.views(p.Selection, true)
		if err != nil {
			return nil, err
		}
		filter.Units = map[string]bool{}
		for _, v := range views {
			filter.Units[v.ID] = true
		}
	}
	if p.Follow {
		r.Trickle()
	}
	total := 0
	for {
		changed := s.journal.Changed()
		n, err := s.sendEvents(r, &filter)
		total += n
		if err != nil || !p.Follow {
			return ipc.EventsResult{Events: total}, err
		}
		filter.Limit = 0
		select {
		case <-changed:
		case <-ctx.Done():
			return ipc.EventsResult{Events: total}, nil
		}
	}
}

// sendEvents sends what the filter finds and moves the filter behind it.
func (s *server) sendEvents(r *ipc.Request, filter *store.Filter) (int, error) {
	batch := ipc.EventBatch{Request: r.ID}
	total, size := 0, 0
	var failed error
	err := s.journal.Read(*filter, func(e store.Event) bool {
		filter.AfterSeq = e.Seq
		out := eventOf(e)
		batch.Events = append(batch.Events, out)
		total++
		// A byte that JSON escapes takes six.
		size += 512 + 6*(len(out.Reason)+len(out.By))
		if len(batch.Events) < eventBatch && size < eventBytes {
			return true
		}
		failed = r.Notify(ipc.NoteEvent, batch)
		batch.Events, size = nil, 0
		return failed == nil
	})
	if err != nil || failed != nil || len(batch.Events) == 0 {
		return total, firstError(err, failed)
	}
	return total, r.Notify(ipc.NoteEvent, batch)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// metricsEvery is how often a subscription with metrics sends figures.
const metricsEvery = time.Second

// subscribe sends the snapshot, then what changes. The difference is taken
// when the client has taken the one before, so a slow client gets fewer and
// larger ones.
func (s *server) subscribe(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.SubscribeParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	var tick <-chan time.Time
	if p.Metrics {
		defer s.sampler.Watch()()
		ticker := time.NewTicker(metricsEvery)
		defer ticker.Stop()
		tick = ticker.C
	}
	snap, newer := s.sup.Next()
	views, err := snap.Select(selectionOf(p.Selection), false)
	if err != nil {
		return nil, err
	}
	r.Trickle()
	sub := subscription{server: s, request: r, sel: p.Selection}
	if err := sub.begin(snap, views); err != nil {
		return nil, err
	}
	for {
		figures := false
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-newer:
		case <-tick:
			figures = true
		}
		snap, newer = s.sup.Next()
		if err := sub.send(snap, figures); err != nil {
			return nil, err
		}
	}
}
