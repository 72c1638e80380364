package proc

// markOf is the marker a process wears, living or not reaped yet.
func markOf(pid int) (uint64, bool) {
	worn := wornBy(pid)
	return worn, isMark(worn)
}
