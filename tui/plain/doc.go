// Package plain is the dashboard in sentences, for screen readers, for terminals
// that can only be appended to, and for pipes: one line for each change, and
// actions by numbered questions.
//
// A Teller is told the board again and again, and remembers what it has said:
// what comes out is only what is new. It says nothing twice, draws nothing, moves
// no cursor, and uses no glyphs. It does no input or output itself.
//
// # Questions
//
// Answer takes one line that was typed. A number chooses from the list that was
// shown last; the same can be said in words, as on the command line: "restart
// api". What changes the system is done only after its consequences were told and
// the answer was "yes".
package plain
