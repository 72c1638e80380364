// Package theme says how things look: which escape sequence a meaning gets, and
// which glyph stands for a state. It draws nothing and asks nobody anything,
// least of all the terminal: a question about its background would have to be
// waited for, and some terminals never answer.
//
// # Tones
//
// Panes speak of meanings (Good, Bad, Faint, Rule), never of colours. A Theme
// gives each meaning an SGR sequence (ECMA-48, 8.3.117), made once when the
// theme is made, so that painting is the concatenation of three strings. With
// Level None there are no sequences at all; whatever is told by colour has to be
// told by a glyph and a word as well, always.
//
// # Themes
//
//   - auto uses the terminal's own sixteen colours and its default foreground
//     and background, so it fits light and dark ones. Well is cyan, on the way
//     yellow, wrong bold red: told apart by colour-blind eyes, which red and
//     green are not.
//   - cb has the palette of Okabe and Ito (2008) where the terminal has the
//     colours for it, and is auto where it has not.
//   - hicontrast never dims, and puts states on a background of their own, so
//     their contrast does not depend on the terminal's.
//   - mono has no colours, only bold, dim, underline and reverse.
//
// # Glyphs
//
// Every glyph has a form in ASCII, of the same width. Many of the others are of
// ambiguous width in East Asian fonts (UAX #11), so Detect chooses ASCII where
// the locale is one of those, or is not UTF-8.
package theme
