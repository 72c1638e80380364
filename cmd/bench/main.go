// Command bench measures what sysg promises about speed and size, each figure
// beside a floor measured in the same run: machines are noisy, ratios less so.
// It prints the table of docs/performance.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"systemg/supervisor/privilege/stage"
)

// row is one line of the table.
type row struct{ what, sysg, floor, ratio, promise string }

func main() {
	// A start with a PID namespace has this program as its process 1.
	stage.Main()
	binary := flag.String("sysg", "bin/sysg", "the program to measure")
	units := flag.Int("units", 1000, "how many units the large system has")
	only := flag.Bool("starts", false, "measure only what a start costs that asks something of the kernel")
	flag.Parse()
	if err := run(*binary, *units, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(binary string, units int, onlyStarts bool) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sysg-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{binary: binary, dir: dir, units: units}
	fmt.Println("| what | sysg | floor | ratio | promise |\n|---|---|---|---|---|")
	measures := []func() ([]row, error){b.commands, b.one, b.many, b.jobs, b.throughput, b.starts}
	if onlyStarts {
		measures = []func() ([]row, error){b.starts}
	}
	for _, measure := range measures {
		rows, err := measure()
		if err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Printf("| %s | %s | %s | %s | %s |\n", r.what, r.sysg, r.floor, r.ratio, r.promise)
		}
	}
	return nil
}
