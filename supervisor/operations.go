package supervisor

import (
	"context"
	"time"

	"systemg/supervisor/store"
)

// An operation that a client names can be asked for once more, of this
// supervisor or of a later one: it is not begun again, and what came of it is
// told. So whoever loses the connection need not guess. The name is written
// down with what the operation changed and before anything is done of it, and
// kept until the answer has had the time to arrive. Only a start of many units is
// under way before: begun twice it does what it would have done once.

const (
	// operationKept is how long an operation is known after its answer,
	// operationSought how long the next supervisor waits to be asked about it.
	operationKept   = time.Minute
	operationSought = 10 * time.Minute
	// marksKept bounds what is kept of those that were answered: so many units
	// together.
	marksKept = 10_000
)

// operation is one that a client has named.
type operation struct {
	store.Operation
	// forget is when nobody will ask any more; zero while somebody waits.
	forget time.Time
}

type nameKey struct{}

// As has what is begun with the context known by a name, for Begun and for
// whoever begins it once more. An empty name is none.
func As(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

func nameOf(ctx context.Context) string {
	name, _ := ctx.Value(nameKey{}).(string)
	return name
}

// begin has the loop begin an operation, unless one of its name has begun.
func begin(ctx context.Context, s *Supervisor, f func(*loop) (Baseline, error)) (Baseline, error) {
	name := nameOf(ctx)
	return ask(ctx, s, func(l *loop) (Baseline, error) {
		if o, ok := l.claim(name); ok {
			return baselineOf(o.Operation), nil
		}
		b, err := f(l)
		if err == nil {
			l.begun(operationOf(name, b))
		}
		return b, err
	})
}

// Begun is the baseline of an operation of that name, if one has begun.
func (s *Supervisor) Begun(ctx context.Context, name string) (b Baseline, ok bool, err error) {
	if name == "" {
		return b, false, nil
	}
	b, err = ask(ctx, s, func(l *loop) (Baseline, error) {
		o, known := l.claim(name)
		if ok = known; !known {
			return Baseline{}, nil
		}
		return baselineOf(o.Operation), nil
	})
	return b, ok && err == nil, err
}

// Answered says that whoever named the operation has its answer, or is gone.
func (s *Supervisor) Answered(name string) {
	if name == "" {
		return
	}
	s.send(func(l *loop) {
		if o, ok := l.operations[name]; ok {
			o.forget = time.Now().Add(operationKept)
		}
	})
}

// claim is an operation that somebody waits for again.
func (l *loop) claim(name string) (*operation, bool) {
	o, ok := l.operations[name]
	if ok {
		o.forget = time.Time{}
	}
	return o, ok
}

// begun notes that an operation has begun.
func (l *loop) begun(o store.Operation) {
	if o.Name == "" {
		return
	}
	l.forgetOperations(time.Now())
	l.operations[o.Name] = &operation{Operation: o}
	l.operationsDue = append(l.operationsDue, o)
}

// forgetOperations forgets those that nobody asks about any more.
func (l *loop) forgetOperations(now time.Time) {
	marks := 0
	for _, o := range l.operations {
		if !o.forget.IsZero() {
			marks += 1 + len(o.Units)
		}
	}
	for name, o := range l.operations {
		if o.forget.IsZero() {
			continue
		}
		if marks > marksKept || now.After(o.forget) {
			marks -= 1 + len(o.Units)
			delete(l.operations, name)
		}
	}
}

// noteOperations adds the operations that have begun to what the diary gets.
func (l *loop) noteOperations(list []store.Entry) []store.Entry {
	for i := range l.operationsDue {
		l.change++
		list = append(list, store.Entry{Change: l.change, Operation: &l.operationsDue[i]})
	}
	l.operationsDue = nil
	return list
}

// operationList are the operations as they are kept.
func (l *loop) operationList() []store.Operation {
	l.forgetOperations(time.Now())
	var list []store.Operation
	for _, o := range l.operations {
		list = append(list, o.Operation)
	}
	return list
}

// recallOperations takes over those of an earlier supervisor, whose clients
// are about to come back.
func (l *loop) recallOperations(list []store.Operation) {
	for _, o := range list {
		l.operations[o.Name] = &operation{Operation: o, forget: time.Now().Add(operationSought)}
	}
}

func operationOf(name string, b Baseline) store.Operation {
	o := store.Operation{Name: name, Began: time.Now(), Units: make([]store.Mark, 0, len(b.Units))}
	for _, m := range b.Units {
		o.Units = append(o.Units, store.Mark(m))
	}
	for _, c := range b.Changes {
		o.Changes = append(o.Changes, store.Change{ID: c.ID, Action: c.Action, Keys: c.Keys, Effect: string(c.Effect)})
	}
	return o
}

func baselineOf(o store.Operation) Baseline {
	b := Baseline{Units: make([]Mark, 0, len(o.Units))}
	for _, m := range o.Units {
		b.Units = append(b.Units, Mark(m))
	}
	for _, c := range o.Changes {
		b.Changes = append(b.Changes, Change{ID: c.ID, Action: c.Action, Keys: c.Keys, Effect: Effect(c.Effect)})
	}
	return b
}

// since is the baseline of an operation that was begun once more, as it was at
// first.
func (b Baseline) since(first Baseline) Baseline {
	at := make(map[string]int, len(b.Units))
	for i, m := range b.Units {
		at[m.ID] = i
	}
	for _, m := range first.Units {
		if i, ok := at[m.ID]; ok {
			b.Units[i] = m
			continue
		}
		b.Units = append(b.Units, m)
	}
	return b
}

// Known makes the context's name that of an operation which consists of several,
// each of which may be begun twice.
func (s *Supervisor) Known(ctx context.Context, b Baseline) error {
	name := nameOf(ctx)
	_, err := ask(ctx, s, func(l *loop) (struct{}, error) {
		l.begun(operationOf(name, b))
		return struct{}{}, nil
	})
	return err
}
