package logs

// StreamConfig says where a stream comes from and goes to.
type StreamConfig struct {
	// Path is the current segment, FIFO the pipe; both absolute.
	Path, FIFO string
	// Run is whose bytes are in the pipe, where a run that began before is
	// taken over: the index does not know it if it has written nothing
	// yet. 0 goes by the index.
	Run uint64
	// Discard throws the bytes away.
	Discard bool
	// MaxBytes bounds a segment, MaxFiles the number of segments; below 1
	// they mean 10 MiB and 5.
	MaxBytes int64
	MaxFiles int
}

const (
	defaultMaxBytes = 10 << 20
	defaultMaxFiles = 5
	// overrun is how far a line that crosses MaxBytes may go on.
	overrun = 64 << 10
)

// settled is the configuration with its defaults.
func (c StreamConfig) settled() StreamConfig {
	if c.MaxBytes < 1 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.MaxFiles < 1 {
		c.MaxFiles = defaultMaxFiles
	}
	return c
}

// Info is how a stream fares.
type Info struct {
	// LostBytes could not be kept since the stream was opened.
	LostBytes int64
	// Exact is false where bytes are copied instead of spliced.
	Exact bool
}

// cut decides how much of what is about to be written still goes into a
// segment of size bytes, and whether the segment ends there. Peeked is the
// beginning of what is in the pipe; it reaches at least one byte past what fits
// unless it is all there is to see at once. Fresh says that the segment holds
// whole lines: then a line that does not fit begins the next one.
func cut(peeked []byte, size, maxBytes int64, fresh bool) (take int, ends bool) {
	room := max(maxBytes-size, 0)
	if int64(len(peeked)) <= room {
		return len(peeked), false
	}
	if at := lastNewline(peeked[:room]); at >= 0 {
		return at + 1, true
	}
	if fresh {
		return 0, true
	}
	// The line at hand crosses the limit.
	limit := min(int64(len(peeked)), maxBytes+overrun-size)
	for i := room; i < limit; i++ {
		if peeked[i] == '\n' {
			return int(i) + 1, true
		}
	}
	return int(max(limit, 0)), size+limit >= maxBytes+overrun
}

func lastNewline(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '\n' {
			return i
		}
	}
	return -1
}
