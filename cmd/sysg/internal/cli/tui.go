package cli

import "systemg/tui"

type tuiCmd struct{}

// Run shows.
func (c *tuiCmd) Run(a *app) error { return tui.Run() }
