package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"systemg/supervisor/privilege/stage"
)

// vacatedName is the cgroup to which sysg's own processes move where a
// controller is to be given to the trees: a cgroup that gives controllers to
// its children has no processes itself (cgroups(7), no internal processes).
const vacatedName = "sysg-supervisor"

// group makes the cgroup of a tree, held to what is asked. Where nothing is, it
// may be none. The error is a *StartError.
func (h *Host) group(mark uint64, c stage.Cgroup) (string, error) {
	if len(c.Files) == 0 && c.Root == "" {
		return h.groups.make(mark), nil
	}
	base, err := h.groups.base(c.Root)
	if err != nil {
		return "", &StartError{Name: "limits.cgroup", Err: err}
	}
	for _, f := range c.Files {
		if err := h.groups.enable(base, f.Controller); err != nil {
			return "", &StartError{Name: f.Key, Err: err}
		}
	}
	path := (cgroups{root: base}).make(mark)
	if path == "" {
		return "", &StartError{Name: "limits.cgroup", Err: fmt.Errorf("no cgroup can be made in %s", base)}
	}
	for _, f := range c.Files {
		if err := putCgroup(path, f.File, f.Value); err != nil {
			removeCgroup(path)
			return "", &StartError{Name: f.Key, Err: fmt.Errorf("the kernel refuses %q for %s: %w", f.Value, f.File, reason(err))}
		}
	}
	return path, nil
}

// base is the folder of the trees' cgroups: the usual one, or one below a root
// of the unit's own.
func (c cgroups) base(root string) (string, error) {
	if root == "" {
		if c.root == "" {
			return "", c.lacking
		}
		return c.root, nil
	}
	base, err := c.below(root)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", fmt.Errorf("root %s cannot be used: %w", root, err)
	}
	return base, nil
}

// below is the folder of the trees' cgroups below a root of their own, which is
// a path in the tree of cgroups.
func (c cgroups) below(root string) (string, error) {
	mount, err := cgroupMount()
	if err != nil {
		return "", err
	}
	path := filepath.Clean(filepath.Join("/", strings.TrimPrefix(root, mount)))
	return filepath.Join(mount, path, "sysg-"+c.name), nil
}

// enable gives a controller to the cgroups below a folder.
func (c cgroups) enable(folder, controller string) error {
	if slices.Contains(words(folder+"/cgroup.subtree_control"), controller) {
		return nil
	}
	if !slices.Contains(words(folder+"/cgroup.controllers"), controller) {
		parent := filepath.Dir(folder)
		if !isCgroup(parent) {
			return absent(controller)
		}
		if err := c.enable(parent, controller); err != nil {
			return err
		}
	}
	err := putCgroup(folder, "cgroup.subtree_control", "+"+controller)
	if errors.Is(err, unix.EBUSY) && folder == c.own {
		if err = c.vacate(); err == nil {
			err = putCgroup(folder, "cgroup.subtree_control", "+"+controller)
		}
	}
	switch {
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("the controller %s cannot be given on in %s, for other processes live there: start sysg as a service of its own (systemd: Delegate=yes), or name another limits.cgroup.root", controller, folder)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the controller %s cannot be given on in %s: it is not delegated to this user (systemd: Delegate=yes)", controller, folder)
	case err != nil:
		return fmt.Errorf("the controller %s cannot be given on in %s: %w", controller, folder, reason(err))
	}
	return nil
}

// vacate moves sysg's own processes out of the cgroup it was started in. It
// refuses where others live there too.
func (c cgroups) vacate() error {
	leaf := filepath.Join(c.own, vacatedName)
	if err := os.Mkdir(leaf, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	self, _ := os.Readlink("/proc/self/exe")
	for _, pid := range cgroupProcs(c.own) {
		exe, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
		if exe != self && pid != os.Getppid() && pid != os.Getpid() {
			return unix.EBUSY
		}
	}
	for _, pid := range cgroupProcs(c.own) {
		if err := putCgroup(leaf, "cgroup.procs", strconv.Itoa(pid)); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// absent says why there is no controller of a name.
func absent(controller string) error { return absentFrom(readText("/proc/cgroups"), controller) }

// absentFrom says so by what the kernel tells of all controllers (cgroups(7),
// /proc/cgroups): one with a hierarchy is in a tree of v1.
func absentFrom(all, controller string) error {
	for line := range strings.Lines(all) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == controllerInV1(controller) && f[1] != "0" {
			return fmt.Errorf("the controller %s belongs to cgroup v1 on this machine, and sysg uses v2: boot it with cgroup_no_v1=all (systemd.unified_cgroup_hierarchy=1)", controller)
		}
	}
	return fmt.Errorf("there is no cgroup controller %s here: the kernel does not have it, or it is not delegated to sysg's cgroup", controller)
}

// controllerInV1 is the name of a controller in /proc/cgroups.
func controllerInV1(name string) string {
	if name == "io" {
		return "blkio"
	}
	return name
}

// putCgroup writes to a cgroup's file.
func putCgroup(folder, file, value string) error {
	return os.WriteFile(filepath.Join(folder, file), []byte(value), 0)
}

func isCgroup(folder string) bool {
	return unix.Access(folder+"/cgroup.procs", unix.F_OK) == nil
}

// words are those of a small file of the kernel's.
func words(path string) []string { return strings.Fields(readText(path)) }

func readText(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(data)
}

// oomKills is how many processes of a cgroup the OOM killer has ended.
func oomKills(folder string) int {
	data, err := readSmall(folder + "/memory.events")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "oom_kill "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// Survey says how trees would be held by a host of this process, what a
// stronger hold would take, and, by controller, why trees could not be held to
// limits by it; empty where they could. Nothing is left behind.
func Survey() (containment, missing string, controllers map[string]string) {
	controllers = map[string]string{}
	c, err := newCgroups("survey-" + strconv.Itoa(os.Getpid()))
	defer c.close()
	for _, name := range []string{"memory", "cpu", "pids", "io"} {
		controllers[name] = c.lacks(name)
	}
	if err != nil {
		return ContainMarker, err.Error(), controllers
	}
	return ContainCgroup, "", controllers
}

// lacks is why a controller cannot be given to trees, as far as that can be told
// without trying.
func (c cgroups) lacks(controller string) string {
	switch {
	case c.root == "":
		return c.lacking.Error()
	case slices.Contains(words(c.own+"/cgroup.subtree_control"), controller):
		return ""
	case !slices.Contains(words(c.own+"/cgroup.controllers"), controller):
		return absent(controller).Error()
	case unix.Access(c.own+"/cgroup.subtree_control", unix.W_OK) != nil:
		return "it is not delegated to this user (systemd: Delegate=yes)"
	}
	return ""
}
