package store

import "golang.org/x/sys/unix"

func mountTiny(dir string) error {
	return unix.Mount("store-test", dir, "tmpfs", 0, "size=256k,mode=700")
}

func unmount(dir string) error { return unix.Unmount(dir, unix.MNT_DETACH) }

func remountTiny(dir, options string) error {
	return unix.Mount("store-test", dir, "tmpfs", unix.MS_REMOUNT, options+",mode=700")
}
