//go:build !linux

// Command torture kills sysg's supervisor and its guardian; on Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "torture: there is nothing to torture on this system")
	os.Exit(1)
}
