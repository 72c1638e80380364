package ipc

import "strings"

// Again is params of a request that takes as long as units take, and that can be
// made once more of the next supervisor where this one ends before it answers.
// An operation that has a name is not begun a second time by that: what came of
// it is answered. A supervisor keeps the names of operations that it has not
// answered, hands them on to the next one, and forgets them a minute after the
// answer, or after ten in which nobody asked. FeatureOperations says whether
// it does.
type Again interface {
	// As gives the same request under a name, which may be empty, and with that
	// much time left, 0 for no bound.
	As(operation string, timeoutSecs float64) any
}

// maxOperation is how long a name may be, in bytes.
const maxOperation = 64

func checkOperation(name string) error {
	if len(name) > maxOperation || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return wrong(`"operation" has to be a word of at most %d bytes`, maxOperation)
	}
	return nil
}

// As is Again's.
func (p StartParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's.
func (p StopParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's.
func (p RestartParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's.
func (p DeployParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's.
func (p RollbackParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's.
func (p ApplyParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's.
func (p TriggerParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's.
func (p SpawnParams) As(operation string, secs float64) any {
	p.Operation, p.TimeoutSecs = operation, secs
	return p
}

// As is Again's. Nothing is begun, so it needs no name.
func (p WaitParams) As(_ string, secs float64) any {
	p.TimeoutSecs = secs
	return p
}

// As is Again's. What is forgotten already is none of the second one's, and there
// is no bound.
func (p PurgeParams) As(string, float64) any { return p }
