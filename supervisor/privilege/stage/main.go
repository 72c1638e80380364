package stage

// Main is filled in with the PID namespace's reaper.
func Main() {}
