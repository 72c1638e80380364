// Package graph draws the dependency graph: which unit waits for which, how each
// of them is, and along which way a failure goes.
//
// # Forms
//
// The layered form has the units in columns, each to the right of everything it
// needs, and lines from a dependency to its dependents. It is used where every
// column gets 16 columns of the terminal. Else the rail form has a unit per line
// and a rail downwards from each to its dependents, as histories of version
// control have it. Both show every unit once, those without edges too.
//
// # How the layered form is laid out
//
// After Sugiyama, Tagawa and Toda (1981): edges inside a cycle are taken out
// (Tarjan's strongly connected components); the longest path to a unit says its
// layer; an edge over several layers gets a slot in each, shared by all edges of
// its dependency; sweeps that order each layer by the barycentre of its neighbours
// go back and forth, and the order with the fewest crossings is kept. Heights
// come as close to those of the neighbours as the order allows, by isotonic
// regression (pool adjacent violators). The lines between two layers are routed as
// in a channel: each dependency has one upright stroke, strokes share a column
// where they do not touch, and one that begins in the line where another ends
// stands left of it, so that no two lines run over each other.
//
// # Owners
//
// A topology is what the board says of units and edges, without their states. A
// picture is where everything stands; it is made from a topology and a size, and
// is made anew only when one of them changes, beginning with the order of the one
// before, so that units stay where they were. How the units are is looked up when
// the picture is drawn.
//
// # Lines
//
// A cell of a picture has a bit for each of its sides a line leaves by. Lines of
// one dependency are or-ed together. Those of two never join: where they cross,
// the upright one covers the other, and where one turns to a unit that another
// goes to as well, the other passes below it. So a line that has no side to where
// one comes from is not entered, and what follows from what can be read off.
package graph
