package keys

// Default is the table as it is shipped.
func Default() Map {
	list := slicesOf(moving, views, finding, acting, logPane, pictures, others)
	return list
}

func slicesOf(lists ...Map) Map {
	var all Map
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

var moving = Map{
	{Action: Down, Keys: []string{"j", "down"}, Help: "move", Long: "down", In: Anywhere, Group: "Move", Footer: 1},
	{Action: Up, Keys: []string{"k", "up"}, Long: "up", In: Anywhere, Group: "Move"},
	{Action: Left, Keys: []string{"h", "left"}, Long: "left", In: InGraph | InLogs, Group: "Move"},
	{Action: Right, Keys: []string{"l", "right"}, Long: "right", In: InGraph | InLogs, Group: "Move"},
	{Action: First, Keys: []string{"g", "home"}, Long: "to the first; in logs to the beginning of the file", In: Anywhere, Group: "Move"},
	{Action: Last, Keys: []string{"G"}, Long: "to the last", In: Anywhere, Group: "Move"},
	{Action: HalfDown, Keys: []string{"ctrl+d"}, Long: "half a page down", In: Anywhere, Group: "Move"},
	{Action: HalfUp, Keys: []string{"ctrl+u"}, Long: "half a page up", In: Anywhere, Group: "Move"},
	{Action: PageDown, Keys: []string{"ctrl+f", "pgdown"}, Long: "a page down", In: Anywhere, Group: "Move"},
	{Action: PageUp, Keys: []string{"ctrl+b", "pgup"}, Long: "a page up", In: Anywhere, Group: "Move"},
	{Action: PanLeft, Keys: []string{"H"}, Long: "show what is to the left", In: InGraph, Group: "Move"},
	{Action: PanRight, Keys: []string{"L"}, Long: "show what is to the right", In: InGraph, Group: "Move"},
}

var views = Map{
	{Action: Units, Keys: []string{"1"}, Long: "units", In: Anywhere, Group: "Views"},
	{Action: Logs, Keys: []string{"2"}, Long: "logs", In: Anywhere, Group: "Views"},
	{Action: Graph, Keys: []string{"3"}, Long: "graph", In: Anywhere, Group: "Views"},
	{Action: Events, Keys: []string{"4"}, Long: "events", In: Anywhere, Group: "Views"},
	{Action: Cron, Keys: []string{"5"}, Long: "cron jobs", In: Anywhere, Group: "Views"},
	{Action: Deploys, Keys: []string{"6"}, Long: "deployments", In: Anywhere, Group: "Views"},
	{Action: Enter, Keys: []string{"enter"}, Help: "detail", Long: "everything about the unit", In: InList&^InDetail | InEvents, Group: "Views", Footer: 2},
	{Action: OpenLogs, Keys: []string{"l"}, Help: "logs", Long: "the unit's logs", In: InUnits | InEvents | InCron | InDeploys | InDetail, Group: "Views", Footer: 3},
	{Action: Next, Keys: []string{"tab"}, Help: "focus", Long: "the next pane", In: InUnits | InLogs, Group: "Views", Footer: 20},
	{Action: Previous, Keys: []string{"shift+tab"}, Long: "the pane before", In: InUnits | InLogs, Group: "Views"},
	{Action: TabNext, Keys: []string{"]", "tab"}, Help: "tab", Long: "the next tab", In: InDetail, Group: "Views", Footer: 4},
	{Action: TabBefore, Keys: []string{"[", "shift+tab"}, Long: "the tab before", In: InDetail, Group: "Views"},
	{Action: LastView, Keys: []string{"-"}, Long: "the view before this one", In: Anywhere, Group: "Views"},
	{Action: Back, Keys: []string{"esc"}, Long: "back", In: everywhere, Group: "Views"},
	{Action: Quit, Keys: []string{"q"}, Help: "quit", Long: "back, then quit; units keep running", In: everywhere, Group: "Views", Footer: 90},
}

var finding = Map{
	{Action: Search, Keys: []string{"/"}, Help: "filter", Long: "only what matches a regular expression, or with ! before it does not", In: InUnits | InEvents, Group: "Find", Footer: 6},
	{Action: Search, Keys: []string{"/"}, Help: "search", Long: "search a regular expression", In: InLogs, Group: "Find", Footer: 6},
	{Action: Filter, Keys: []string{"&"}, Help: "filter", Long: "only lines that match, or with ! before it do not", In: InLogs | InUnits, Group: "Find"},
	{Action: NextHit, Keys: []string{"n"}, Long: "the next hit", In: InLogs, Group: "Find"},
	{Action: BeforeHit, Keys: []string{"N"}, Long: "the hit before", In: InLogs, Group: "Find"},
	{Action: Palette, Keys: []string{":"}, Help: "command", Long: "any command, found by a few letters", In: Anywhere, Group: "Find", Footer: 7},
	{Action: Help, Keys: []string{"?"}, Help: "help", Long: "this help", In: everywhere, Group: "Find", Footer: 80},
	{Action: Mark, Keys: []string{" "}, Help: "mark", Long: "mark; actions apply to what is marked", In: InUnits, Group: "Find", Footer: 30},
	{Action: MarkAll, Keys: []string{"*"}, Long: "mark all shown, or none", In: InUnits, Group: "Find"},
	{Action: Sort, Keys: []string{"O"}, Long: "sort by the next column", In: InUnits, Group: "Find"},
}

var acting = Map{
	{Action: Stop, Keys: []string{"s"}, Help: "stop", Long: "stop", In: InList, Group: "Act", Mutates: true, Footer: 10},
	{Action: Start, Keys: []string{"S"}, Help: "start", Long: "start", In: InList, Group: "Act", Mutates: true, Footer: 11},
	{Action: Restart, Keys: []string{"r"}, Help: "restart", Long: "restart", In: InList, Group: "Act", Mutates: true, Footer: 12},
	{Action: Deploy, Keys: []string{"D"}, Help: "deploy", Long: "deploy what the manifest says now", In: InList, Group: "Act", Mutates: true, Footer: 13},
	{Action: Rollback, Keys: []string{"B"}, Help: "rollback", Long: "back to the last good definition", In: InList, Group: "Act", Mutates: true, Footer: 16},
	{Action: Trigger, Keys: []string{"T"}, Help: "trigger", Long: "run a cron job now", In: InList, Group: "Act", Mutates: true, Footer: 14},
	{Action: Reload, Keys: []string{"R"}, Help: "reload", Long: "apply the manifest; what would change is shown first", In: Anywhere, Group: "Act", Mutates: true, Footer: 15},
	{Action: Signal, Keys: []string{"x"}, Help: "signal", Long: "send a signal", In: InList, Group: "Act", Mutates: true, Footer: 17},
	{Action: Attach, Keys: []string{"enter"}, Help: "start", Long: "start the manifest of this folder", In: InAbsent, Group: "Act", Mutates: true, Footer: 1},
}

var logPane = Map{
	{Action: Follow, Keys: []string{"f"}, Help: "follow", Long: "follow what is written, or stay", In: InLogs | InUnits, Group: "Logs", Footer: 8},
	{Action: Split, Keys: []string{"v"}, Help: "split", Long: "the unit's logs in one more pane, four at most", In: InLogs | InUnits, Group: "Logs", Footer: 5},
	{Action: Close, Keys: []string{"X"}, Long: "close the pane", In: InLogs, Group: "Logs"},
	{Action: Zoom, Keys: []string{"z"}, Help: "zoom", Long: "only this pane, without borders", In: InLogs | InUnits, Group: "Logs", Footer: 9},
	{Action: Grow, Keys: []string{"+", ">"}, Long: "more room for the pane", In: InLogs | InUnits, Group: "Logs"},
	{Action: Shrink, Keys: []string{"_", "<"}, Long: "less room for the pane", In: InLogs | InUnits, Group: "Logs"},
	{Action: Wrap, Keys: []string{"w"}, Help: "wrap", Long: "wrap long lines, or cut them", In: InLogs | InUnits, Group: "Logs", Footer: 21},
	{Action: Times, Keys: []string{"t"}, Help: "times", Long: "timestamps: the time of day, with the day, none", In: InLogs | InUnits, Group: "Logs", Footer: 22},
	{Action: Interleave, Keys: []string{"i"}, Help: "interleave", Long: "all panes in one, by time", In: InLogs, Group: "Logs", Footer: 23},
	{Action: Streams, Keys: []string{"e"}, Long: "stdout, stderr or both", In: InLogs | InUnits, Group: "Logs"},
	{Action: Sync, Keys: []string{"Y"}, Long: "scroll all panes together, by time", In: InLogs, Group: "Logs"},
	{Action: MarkLine, Keys: []string{"m"}, Long: "draw a line below what is there", In: InLogs | InUnits, Group: "Logs"},
	{Action: Select, Keys: []string{"V"}, Help: "select", Long: "select lines", In: InLogs, Group: "Logs", Footer: 24},
	{Action: Copy, Keys: []string{"y", "c"}, Help: "copy", Long: "copy the selected lines, or those shown", In: InLogs, Group: "Logs", Footer: 25},
	{Action: Clear, Keys: []string{"C"}, Long: "clear the pane; the files keep everything", In: InLogs | InUnits, Group: "Logs"},
	{Action: Pager, Keys: []string{"o"}, Help: "pager", Long: "the whole log in a pager", In: InLogs | InUnits, Group: "Logs", Footer: 26},
}

var pictures = Map{
	{Action: GraphForm, Keys: []string{"b"}, Help: "rail/layers", Long: "the other form of the graph", In: InGraph, Group: "Graph", Footer: 3},
	{Action: GraphFocus, Keys: []string{"F"}, Help: "focus", Long: "only what the unit hangs on, and what hangs on it", In: InGraph, Group: "Graph", Footer: 4},
}

var others = Map{
	{Action: Rewind, Keys: []string{","}, Help: "rewind", Long: "five seconds back, up to 15 minutes", In: Anywhere, Group: "Time", Footer: 40},
	{Action: Forward, Keys: []string{"."}, Long: "five seconds forward", In: Anywhere, Group: "Time"},
	{Action: Live, Keys: []string{"end"}, Long: "back to the present", In: Anywhere, Group: "Time"},
	{Action: Mouse, Keys: []string{"M"}, Long: "the mouse on or off; off, the terminal selects text as usual", In: everywhere, Group: "Other"},
	{Action: Redraw, Keys: []string{"ctrl+l"}, Long: "draw the screen anew", In: everywhere, Group: "Other"},
}
