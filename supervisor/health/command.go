package health

import "context"

// Command is well when a command succeeds. Run starts it, as a process tree of
// its own, and returns when nothing of that tree is left; when ctx ends, at the
// attempt's timeout or with the watch, it kills the whole tree first. The text
// says how it ended: "exit 1: no such table". Attempts are numbered from 1.
type Command struct {
	Run func(ctx context.Context, attempt uint64) (text string, ok bool)
}

// Awaits says what has not come yet.
func (Command) Awaits() string { return "the health command has not succeeded yet" }

func (p Command) watch(ctx context.Context, s Spec, report func(News)) {
	repeat(ctx, s, "command", func(ctx context.Context, n uint64) (string, bool) {
		text, ok := p.Run(ctx, n)
		if text = plain(text, 2*maxText); text == "" {
			return "command", ok
		}
		return "command: " + text, ok
	}, report)
}
