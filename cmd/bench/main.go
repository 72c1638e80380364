// Command bench measures what sysg promises about speed and size, each figure
// beside a floor measured in the same run: machines are noisy, ratios less so.
// It prints the table of docs/performance.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// row is one line of the table.
type row struct{ what, sysg, floor, ratio, promise string }

func main() {
	binary := flag.String("sysg", "bin/sysg", "the program to measure")
	units := flag.Int("units", 1000, "how many units the large system has")
	flag.Parse()
	if err := run(*binary, *units); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(binary string, units int) error {
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
	for _, measure := range []func() ([]row, error){b.commands, b.one, b.many, b.jobs, b.throughput} {
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
