package tui

import (
	"testing"
	"time"
)

func TestAQuickTerminalGetsThirtyFrames(t *testing.T) {
	p, now := newPacing(false), time.Unix(0, 0)
	for range 100 {
		p.wrote(5000, now, now.Add(time.Millisecond))
		if got := p.interval(now); got != shortestFrame {
			t.Fatalf("the next frame comes after %v", got)
		}
		now = now.Add(shortestFrame)
	}
}

// A line of 20 KB/s, behind buffers of 12 KB, of which the kernel tells only when they
// have run empty: after the second write that had to wait less is written than the
// line takes.
func TestASlowTerminalIsNotFilled(t *testing.T) {
	p, now := newPacing(false), time.Unix(0, 0)
	const line, buffer, frame = 20000.0, 12000.0, 2500
	filled, late, frames := 0.0, 0, 0
	for span := time.Duration(0); span < 2*time.Minute; {
		began := now
		if filled+frame > buffer {
			now = now.Add(time.Duration(filled / line * float64(time.Second)))
			filled = 0
		}
		filled += frame
		p.wrote(frame, began, now)
		wait := p.interval(now)
		now = now.Add(wait)
		span += now.Sub(began)
		filled = max(filled-line*wait.Seconds(), 0)
		if frames++; filled > line/10 {
			late++ // a key would wait for more than 100 ms
		}
	}
	if late*10 > frames {
		t.Errorf("%d of %d frames found the line busy", late, frames)
	}
}

func TestOverSSHTheRateIsBoundedFromTheBeginning(t *testing.T) {
	p, now := newPacing(true), time.Unix(0, 0)
	written := 0
	for span := time.Duration(0); span < 30*time.Second; {
		p.wrote(2500, now, now)
		written += 2500
		wait := p.interval(now)
		now, span = now.Add(wait), span+wait
	}
	if rate := written / 30; rate > remoteRate*11/10 {
		t.Errorf("%d bytes a second", rate)
	}
}

// A terminal that was stopped for a moment, by ctrl+s or a closed lid, is as quick
// as before afterwards.
func TestOneWriteThatWaitsChangesNothing(t *testing.T) {
	p, now := newPacing(false), time.Unix(0, 0)
	p.wrote(5000, now, now.Add(time.Hour))
	now = now.Add(time.Hour)
	p.wrote(5000, now, now)
	if got := p.interval(now); got != shortestFrame {
		t.Errorf("the next frame comes after %v", got)
	}
}

// One frame is never held back for longer than two seconds.
func TestFramesCome(t *testing.T) {
	p, now := newPacing(true), time.Unix(0, 0)
	p.wrote(10_000_000, now, now)
	if got := p.interval(now); got != longestFrame {
		t.Errorf("the next frame comes after %v", got)
	}
}
