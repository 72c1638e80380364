package stage

// reaperWord is the first argument of this program where it is only process 1
// of a PID namespace.
const reaperWord = "__reap"
