package proc

import "testing"

// On a hybrid machine the tree of v2 is found beside those of v1; without one,
// and for a controller that is still with v1, there are words.
func TestHybridAndOldHierarchies(t *testing.T) {
	said := func(s string, err error) string {
		if err != nil {
			return err.Error()
		}
		return s
	}
	const (
		v1    = "33 32 0:29 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n"
		both  = v1 + "34 32 0:30 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
		known = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t14\t1\nblkio\t7\t1\t1\npids\t0\t1\t1\n"
		boot  = " belongs to cgroup v1 on this machine, and sysg uses v2: boot it with cgroup_no_v1=all (systemd.unified_cgroup_hierarchy=1)"
	)
	for _, c := range []struct{ got, want string }{
		{said(unifiedPath("8:pids:/user\n4:memory:/user\n0::/user.slice/me\n")), "/user.slice/me"},
		{said(unifiedPath("8:pids:/\n4:memory:/\n")), "there is no cgroup v2 here (of v1 sysg makes no use): boot with cgroup_no_v1=all"},
		{said(unifiedMount(both)), "/sys/fs/cgroup/unified"},
		{said(unifiedMount(v1)), "cgroup v2 is not mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup"},
		{said("", absentFrom(known, "memory")), "the controller memory" + boot},
		{said("", absentFrom(known, "io")), "the controller io" + boot},
		{said("", absentFrom(known, "pids")), "there is no cgroup controller pids here: the kernel does not have it, or it is not delegated to sysg's cgroup"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
