// Command sysg runs many programs on one machine as one system.
package main

import (
	"os"

	"systemg/cmd/sysg/internal/cli"
	"systemg/cmd/sysg/internal/early"
	"systemg/supervisor/guardian"
	"systemg/supervisor/proc"
)

func main() {
	early.Restore()
	proc.Stage()
	guardian.Main()
	os.Exit(cli.Main(os.Args[1:], cli.System()))
}
