// Package graph answers what may start, what has to stop and in which order:
// pure questions about units and the edges between them.
//
// An edge goes from a dependent to its dependency and carries a condition.
// Judge says of one edge whether its condition holds (Satisfied), may still
// come to hold by itself (Waiting), or cannot without somebody acting
// (Hopeless). A unit may start when all its edges are satisfied; it is
// blocked when one is hopeless.
//
// A Graph is immutable and belongs to one set of definitions; states are
// handed in with each question. It copes with edges to units it does not
// know: they are hopeless, in words.
package graph
