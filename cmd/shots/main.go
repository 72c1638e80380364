// Command shots makes the pictures of docs/dashboard.md from a real run: it starts
// the system of assets/dashboard in a folder of its own, opens the dashboard in
// tmux, presses keys, and turns what is on the screen into SVG and PNG. The
// captured screens are kept beside them as text with colours (.ansi).
//
// It needs tmux and rsvg-convert (Debian: librsvg2-bin), and the font JetBrains
// Mono for pictures that look like those that are kept.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	sysg := flag.String("sysg", "bin/sysg", "the program to take pictures of")
	dir := flag.String("dir", "assets/dashboard", "where systemg.yaml is, and where pictures go")
	only := flag.String("only", "", "the name of a single picture to take")
	redraw := flag.Bool("redraw", false, "draw the captured screens again, without a run")
	flag.Parse()
	work := func() error { return run(*sysg, *dir, *only) }
	if *redraw {
		work = func() error { return again(*dir) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "shots:", err)
		os.Exit(1)
	}
}

func run(sysg, dir, only string) error {
	for _, tool := range []string{"tmux", "rsvg-convert"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w (Debian: apt-get install tmux librsvg2-bin fonts-jetbrains-mono)", err)
		}
	}
	sysg, err := filepath.Abs(sysg)
	if err != nil {
		return err
	}
	s, err := newStage(sysg, dir)
	if err != nil {
		return err
	}
	defer s.strike()
	if err := s.prepare(); err != nil {
		return err
	}
	for _, shot := range shots {
		if only != "" && only != shot.name {
			continue
		}
		if err := take(s, dir, shot); err != nil {
			return fmt.Errorf("%s: %w", shot.name, err)
		}
	}
	return nil
}

// again draws every captured screen.
func again(dir string) error {
	for _, shot := range shots {
		screen, err := os.ReadFile(filepath.Join(dir, shot.name+".ansi"))
		if err == nil {
			err = draw(string(screen), dir, shot)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", shot.name, err)
		}
	}
	return nil
}

// take takes one picture.
func take(s *stage, dir string, shot shot) error {
	screen, err := s.perform(shot)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, shot.name+".ansi"), []byte(screen), 0o644); err != nil {
		return err
	}
	return draw(screen, dir, shot)
}

// draw makes the pictures of a captured screen.
func draw(screen, dir string, shot shot) error {
	colors := dark
	if shot.light {
		colors = light
	}
	base := filepath.Join(dir, shot.name)
	svg := render(parse(screen, shot.w, shot.h), colors)
	if err := os.WriteFile(base+".svg", svg, 0o644); err != nil {
		return err
	}
	out, err := exec.Command("rsvg-convert", "--zoom=1.25", "--output="+base+".png", base+".svg").CombinedOutput()
	if err != nil {
		return fmt.Errorf("rsvg-convert: %w: %s", err, out)
	}
	if err := shrink(base + ".png"); err != nil {
		return err
	}
	info, err := os.Stat(base + ".png")
	if err == nil {
		fmt.Printf("%s.png  %dx%d  %d KB\n", base, shot.w, shot.h, info.Size()/1000)
	}
	return err
}

// shot is one picture: how the dashboard is opened, and what is done then.
type shot struct {
	name  string
	w, h  int
	args  []string
	light bool
	steps []step
}

// step is one thing that is done. One field is set.
type step struct {
	// keys are pressed, by the names tmux has for them.
	keys []string
	// text is waited for on the screen.
	text string
	// sysg is run with these arguments, without waiting for its end.
	sysg []string
	// pause lets time go by, so that charts have something to show.
	pause time.Duration
}

func keys(list ...string) step { return step{keys: list} }

func until(text string) step { return step{text: text} }

// to selects a unit by filtering for it and taking the filter away again.
func to(unit string) []step {
	return []step{until("postgres"), keys("/"), keys("^" + unit + "$"), keys("Enter"), until("Logs: " + unit), keys("/"), keys("C-u"), keys("Enter"), until("mailer")}
}

func steps(lists ...[]step) []step { return slices.Concat(lists...) }

// shots are all pictures, in the order in which they are taken.
var shots = []shot{
	{name: "units", w: 120, h: 35, steps: steps(to("api"), []step{until("GET /v1"), {pause: time.Minute}})},
	{name: "units-80x24", w: 80, h: 24, steps: to("api")},
	{name: "units-50x14", w: 50, h: 14, steps: []step{until("mailer")}},
	{name: "units-ascii", w: 80, h: 24, args: []string{"--ascii", "--theme=mono"}, steps: to("api")},
	{name: "units-light", w: 100, h: 24, light: true, steps: to("api")},
	{name: "graph", w: 120, h: 24, steps: steps(to("search"), []step{keys("3"), until("satisfied")})},
	{name: "graph-rails", w: 80, h: 20, steps: steps(to("search"), []step{keys("3"), until("satisfied"), keys("b"), until("rails")})},
	{name: "logs", w: 120, h: 24, steps: steps(to("api"), []step{keys("l")}, []step{until("GET /v1"), keys("1")}, to("worker"), []step{keys("v"), keys("1")}, to("search"), []step{keys("v"), keys("2"), until("probe")})},
	{name: "detail", w: 120, h: 30, steps: steps(to("api"), []step{keys("Enter"), until("Overview")})},
	{name: "events", w: 100, h: 20, steps: []step{until("mailer"), keys("4"), until("reindex")}},
	{name: "cron", w: 100, h: 20, steps: []step{until("mailer"), keys("5"), until("reindex")}},
	{name: "confirm", w: 100, h: 26, steps: steps(to("postgres"), []step{keys("s"), until("depend")})},
	{name: "palette", w: 100, h: 26, steps: []step{until("mailer"), keys(":"), keys("rest"), until("restart")}},
	{name: "help", w: 120, h: 50, steps: []step{until("mailer"), keys("?"), until("Move")}},
	{name: "deploys", w: 100, h: 20, steps: steps([]step{{sysg: []string{"deploy", "api"}}}, []step{until("mailer"), keys("6"), until("api")})},
}
