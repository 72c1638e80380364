package cli

import (
	"fmt"
	"slices"
	"strings"

	"systemg/ipc"
)

// completeCmd prints a shell's completion script.
type completeCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Each script asks sysg itself what may come next.
var scripts = map[string]string{
	"bash": `_sysg() {
  local IFS=$'\n'
  COMPREPLY=($(sysg __complete --index "$COMP_CWORD" -- "${COMP_WORDS[@]}" 2>/dev/null))
}
complete -o default -F _sysg sysg
`,
	"zsh": `#compdef sysg
_sysg() {
  local -a found
  found=(${(f)"$(sysg __complete --index $((CURRENT - 1)) -- "${words[@]}" 2>/dev/null)"})
  if (( ${#found} )); then compadd -a found; else _files; fi
}
compdef _sysg sysg
`,
	"fish": `function __sysg_complete
  set -l words (commandline -opc) (commandline -ct)
  sysg __complete --index (math (count $words) - 1) -- $words 2>/dev/null
end
complete -c sysg -a '(__sysg_complete)'
`,
}

// Run prints.
func (c *completeCmd) Run(a *app) error {
	_, err := fmt.Fprint(a.Stdout, scripts[c.Shell])
	return err
}

// wordsCmd prints what may stand at a place of a command line.
type wordsCmd struct {
	Index int      `help:"Which word is completed; 0 is sysg itself."`
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run prints one candidate a line.
func (c *wordsCmd) Run(a *app) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	prefix := ""
	if c.Index >= 0 && c.Index < len(words) {
		prefix = words[c.Index]
	}
	before := words[min(1, len(words)):max(min(c.Index, len(words)), min(1, len(words)))]
	for _, word := range c.candidates(a, before, prefix) {
		if strings.HasPrefix(word, prefix) {
			fmt.Fprintln(a.Stdout, word)
		}
	}
	return nil
}

func (c *wordsCmd) candidates(a *app, before []string, prefix string) []string {
	parser, err := newParser(&grammar{}, a.Surroundings)
	if err != nil {
		return nil
	}
	node := parser.Model.Node
	for _, word := range before {
		for _, child := range node.Children {
			if child.Name == word && !child.Hidden {
				node = child
			}
		}
	}
	var list []string
	if strings.HasPrefix(prefix, "-") {
		for _, group := range node.AllFlags(true) {
			for _, flag := range group {
				list = append(list, "--"+flag.Name)
			}
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	for _, child := range node.Children {
		if !child.Hidden {
			list = append(list, child.Name)
		}
	}
	if len(node.Positional) > 0 || len(before) > 0 && contains([]string{"-s", "--service"}, before[len(before)-1]) {
		list = append(list, c.unitNames(a)...)
	}
	return list
}

// unitNames are the units the state on disk knows: no supervisor has to be
// asked for a completion.
func (c *wordsCmd) unitNames(a *app) []string {
	r, err := a.offlineStatus(ipc.Selection{}, false)
	if err != nil {
		return nil
	}
	var names []string
	for _, u := range r.Units {
		names = append(names, u.Name)
	}
	return names
}
