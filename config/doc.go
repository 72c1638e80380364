// Package config makes a Plan of a manifest, or says everything that is wrong
// with it.
//
// # From text to Plan
//
//   - Files are read and parsed (load.go, source.go). What follows works on a
//     tree of our own (tree.go), in which every node knows its file, line and
//     column, aliases and merge keys are resolved, and !include is replaced by
//     the file it names.
//   - The decoder walks the tree (decoder.go and one file per part of the
//     manifest). It knows every key from one table (keys.go), from which the
//     JSON Schema is made too. It gathers findings and goes on, so that all
//     of them are told at once.
//   - ${VAR} is expanded where a value is read (expand.go), in the scope of
//     that place: the unit's variables, then those of the root, then the
//     caller's environment.
//   - Dependencies are resolved last (depends.go), when all units are known.
//
// A slip of the pen must not cost the machine: what could take all memory or
// time (aliases, variables and replicas that multiply, files that include each
// other) has a bound, and what is beyond it is an error.
//
// A Plan is complete: whoever has one needs neither the manifest nor a
// default. Load touches nothing but the files it reads.
//
// # Findings
//
// A finding has a place, a sentence and a hint. It is told once, however often
// an alias or a replica repeats it; of each severity the first 200 are told,
// and the rest is counted. What follows from an error is not told beside it: a
// value that could not be read reads as nothing, quietly. Errors make Load fail
// with an *Invalid; warnings come with the Plan. A key that only root can carry
// out is a warning where the supervisor is somebody else's: it refuses to start
// such a unit, and the others run.
package config
