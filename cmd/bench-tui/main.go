// Command bench-tui measures what the dashboard promises: it runs the real
// program on a pseudo-terminal that answers no question, presses keys, and looks
// at what is written and when. Each figure stands beside its limit. It prints the
// table of docs/performance.md.
//
// The system behind it has 500 units, most of which sleep, and four that write.
// The terminal is read at once, or, where a slow line is played, at so many bytes
// a second; the kernel holds about 12 KB between the two.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// row is one line of the table.
type row struct{ what, figure, limit string }

// options are what is asked for.
type options struct {
	sysg  string
	units int
	// span is how long each state is watched, long the ten minutes of flood;
	// 0 leaves them out.
	span, long time.Duration
	only       string
}

func main() {
	var o options
	flag.StringVar(&o.sysg, "sysg", "bin/sysg", "the program to measure")
	flag.IntVar(&o.units, "units", 500, "how many units the system has")
	flag.DurationVar(&o.span, "for", 10*time.Second, "how long each state is watched")
	flag.DurationVar(&o.long, "flood-for", 0, "how long a flood is watched for growth of memory; 0 leaves it out; memory is read after a tenth, half and all of it")
	flag.StringVar(&o.only, "only", "", "a single measure: first, idle, flood, ssh, slow or panes")
	lines := flag.Int("write", 0, "be a unit that writes so many lines a second")
	flag.Parse()
	if *lines > 0 {
		write(*lines)
		return
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-tui:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	binary, err := filepath.Abs(o.sysg)
	if err != nil {
		return err
	}
	s, err := newSystem(binary, o.units)
	if err != nil {
		return err
	}
	defer s.remove()
	defer s.removeWhenEnded()()
	b := &bench{options: o, system: s}
	fmt.Println("| what | sysg | limit |\n|---|---|---|")
	for _, m := range []struct {
		name    string
		measure func() ([]row, error)
	}{{"first", b.firstFrame}, {"idle", b.idle}, {"flood", b.flood}, {"ssh", b.ssh}, {"slow", b.slowLine}, {"panes", b.panes}} {
		if o.only != "" && o.only != m.name {
			continue
		}
		rows, err := m.measure()
		if err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Printf("| %s | %s | %s |\n", r.what, r.figure, r.limit)
		}
	}
	return nil
}

// write is a unit that writes lines, evenly, until it is ended. It catches up
// after a pause, so that the rate is kept.
func write(perSecond int) {
	const line = "GET /v1/things/%08d 200 12ms  from 10.1.2.3 in eu-central-1\n"
	began, written := time.Now(), 0
	var batch []byte
	for range time.Tick(time.Millisecond) {
		due := int(time.Since(began).Seconds() * float64(perSecond))
		batch = batch[:0]
		for ; written < due; written++ {
			batch = fmt.Appendf(batch, line, written)
		}
		if _, err := os.Stdout.Write(batch); err != nil {
			return
		}
	}
}
