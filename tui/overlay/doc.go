// Package overlay has the boxes that are laid over a view: help, a question
// before something happens, the command palette, a menu.
//
// Each is a plain struct with two methods. Lines draws it as a box for a screen
// of a given size, never larger than that. Key takes a key, by the name that
// package keys gives it, and says whether the box is done with. None of them does
// anything: what was chosen is handed back, and the root acts.
//
// Center and Over lay a box over the lines of a screen.
//
// # Rules of the boxes
//
//   - esc and ctrl+c always close and never do anything.
//   - What changes the system says what follows from it before it asks, and what
//     could hurt much has to be typed.
//   - What cannot be chosen is shown with the reason, not left out.
//   - Texts come from outside only after package widget has cleaned them.
package overlay
