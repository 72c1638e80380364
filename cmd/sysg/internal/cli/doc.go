// Package cli is the command line of sysg: one file per subcommand, each with
// its flags and its help text.
//
// # The rules of every command
//
//   - What was asked for goes to stdout, everything else (progress, remarks,
//     errors) to stderr.
//   - An error is one line, "sysg: cannot …: reason", and where there is a
//     cure a second one, "try: …". With --json it is one JSON object, and
//     stdout stays empty.
//   - No escape sequence is written to a stream that is no terminal, unless
//     --color always asks for it. A picture fits the terminal's width.
//   - A command that talks to a supervisor gives up when the supervisor does
//     not answer; commands that wait for units wait as long as it takes, or as
//     --timeout says.
//
// # Exit status
//
//	0  done
//	1  the operation failed
//	2  wrong usage, or an invalid manifest
//	3  not running: no supervisor, or for status a unit that is not well
//	4  no such unit or project
//	5  timed out
//
// # How a command is made
//
// A command is a struct with its flags and a Run method that gets the app: the
// two streams, the global flags, the settings, and the ways to reach a
// supervisor. Run returns an error, never exits and never prints one.
// Everything that is shown is rendered by package view.
package cli
