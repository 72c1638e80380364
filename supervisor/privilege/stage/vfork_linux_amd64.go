package stage

// sharesMemory is whether a child can do with this process's memory.
const sharesMemory = true

// vfork is clone3(2) for a child that shares this process's memory.
//
//go:noescape
func vfork(args, size uintptr) (pid, errno uintptr)
