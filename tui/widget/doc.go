// Package widget makes the parts that panes are put together from: text that is
// safe to show, text of an exact width, charts, figures. Everything in it is a
// pure function.
//
// # At the door
//
// Nothing that a service wrote, and no name, reason or command line, is shown
// before Clean or Words has seen it. What comes out of them
//
//   - is valid UTF-8 without control characters, but for the colours (SGR
//     sequences) that Clean keeps and ends again;
//   - has no character that changes the reading direction, hides itself, or on
//     whose width terminals disagree;
//   - is about MaxLine bytes long at most, with a remark on what was left out.
//
// What is dangerous is made visible rather than dropped, so that a line that
// tries something looks like one. All other functions rely on this: they know
// SGR sequences and no other escape sequence.
//
// # Width
//
// Width counts terminal columns by grapheme clusters (UAX #29, #11). ASCII, which
// is nearly everything, takes a path that allocates nothing. A wide character
// that would be halved by a cut is replaced by a blank, so Fit always gives
// exactly the width that was asked for.
//
// # Pictures
//
// Charts take NaN for "nothing known", and show it: a gap is not a zero. Each has
// a form in ASCII.
package widget
