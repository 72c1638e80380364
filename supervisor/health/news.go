package health

import "time"

// News is what a watch reports of its run.
type News interface{ news() }

// The news.
type (
	// Result is how one attempt ended, or what a service said of itself.
	Result struct {
		OK bool
		// Text says what was found, for a person: "GET http://127.0.0.1/:
		// 503 Service Unavailable". It is one line without control
		// characters, and may be empty where OK is true.
		Text string
		// Time is when the attempt ended, Took how long it took; 0 for what
		// nobody asked for.
		Time time.Time
		Took time.Duration
		// Final marks a failure that counts like the last of its retries.
		Final bool
	}
	// Status is the service's STATUS=, one line; empty takes it back.
	Status struct{ Text string }
	// Stopping is the service's STOPPING=1: it is about to end by itself.
	Stopping struct{}
	// Extend is the service's EXTEND_TIMEOUT_USEC: it wants For more, from
	// Time, to become ready.
	Extend struct {
		For  time.Duration
		Time time.Time
	}
)

func (Result) news()   {}
func (Status) news()   {}
func (Stopping) news() {}
func (Extend) news()   {}
