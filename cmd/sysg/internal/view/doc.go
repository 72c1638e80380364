// Package view is everything the command line shows: values of package ipc go
// in, text comes out. It asks nobody anything. What it needs to know about
// the stream it writes to is in a Style, which Detect fills once; everything
// else is a pure function of its arguments, so a picture can be kept as a
// golden file and compared.
//
// # From values to text
//
// A picture is a list of lines, a line is a list of spans, and a span is a
// piece of text with a tone. Renderers build lines and give them to a page.
// The page alone turns them into bytes, and so it alone keeps the promises:
//
//   - No control character of a name, a reason or a command line reaches the
//     terminal: text is cleaned where it becomes a span.
//   - No escape sequence is written unless Style.Color is set.
//   - No line is wider than Style.Width, measured in terminal columns.
//
// The lines that programs wrote follow rules of their own, kept by
// LogPrinter: into a pipe they go unchanged, onto a terminal without what
// would move its cursor or change its settings.
//
// # Signs
//
// A state is always shown by a glyph and a word, never by colour alone. The
// colours are the terminal's own sixteen, chosen so that well (cyan), on the
// way (yellow) and wrong (bold red) differ for colour-blind eyes as well as
// on light and dark backgrounds. Where the locale is not UTF-8 every glyph
// has a form in ASCII; with Style.Plain there are no glyphs at all, only
// words in sentences, for screen readers and simple scripts.
//
// # Width
//
// Style.Width 0 means that nothing is cut: the stream is no terminal. Tables
// on a terminal first drop columns that say least, then shorten the last
// column, which is the reason.
package view
