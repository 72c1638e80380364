package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// cgroups makes a cgroup for each tree below one of its own. The zero value
// makes none.
type cgroups struct {
	// root is the folder of the trees' cgroups, empty where there can be
	// none; lacking says why then.
	root    string
	lacking error
	// name tells the cgroups of several hosts apart, own is the cgroup that
	// this process was started in.
	name, own string
}

// newCgroups makes the root below this process's own cgroup. The error says
// why there can be none.
func newCgroups(name string) (cgroups, error) {
	none := func(err error) (cgroups, error) { return cgroups{name: name, lacking: err}, err }
	own, err := ownCgroup()
	if err != nil {
		return none(err)
	}
	if filepath.Base(own) == vacatedName {
		own = filepath.Dir(own)
	}
	root := filepath.Join(own, "sysg-"+name)
	if err := os.Mkdir(root, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return none(err)
	}
	if err := unix.Access(filepath.Join(root, "cgroup.kill"), unix.W_OK); err != nil {
		return none(fmt.Errorf("cannot use cgroup.kill (Linux 5.14 has it): %w", err))
	}
	c := cgroups{root: root, name: name, own: own}
	c.sweep()
	return c, nil
}

// sweep removes what earlier supervisors left; what is populated stays.
func (c cgroups) sweep() {
	entries, err := os.ReadDir(c.root)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			removeCgroup(filepath.Join(c.root, e.Name()))
		}
	}
}

// make makes the cgroup of one tree; empty where there is to be none.
func (c cgroups) make(mark uint64) string {
	if c.root == "" {
		return ""
	}
	path := c.path(mark)
	if err := unix.Mkdir(path, 0o755); err != nil {
		return ""
	}
	return path
}

// path is where the cgroup of a tree with that marker is; empty where there is
// to be none.
func (c cgroups) path(mark uint64) string {
	if c.root == "" {
		return ""
	}
	return c.root + "/" + strconv.FormatUint(mark&markMask, 36)
}

// close removes the root, if nothing is in it.
func (c cgroups) close() {
	if c.root != "" {
		removeCgroup(c.root)
	}
}

// removeCgroup removes a cgroup and the empty ones below it.
func removeCgroup(path string) {
	if unix.Rmdir(path) == nil {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			removeCgroup(filepath.Join(path, e.Name()))
		}
	}
	_ = unix.Rmdir(path)
}

// cgroupMembers are the living processes of a cgroup and those below it.
func cgroupMembers(path string) []int {
	list := cgroupProcs(path)
	if len(list) > 0 || !populated(path) {
		return list
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, cgroupMembers(filepath.Join(path, e.Name()))...)
		}
	}
	return list
}

func cgroupProcs(path string) []int {
	data, err := readSmall(path + "/cgroup.procs")
	if len(data) == smallFile {
		data, err = os.ReadFile(path + "/cgroup.procs")
	}
	if err != nil {
		return nil
	}
	var list []int
	for line := range bytes.Lines(data) {
		if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
			list = append(list, pid)
		}
	}
	return list
}

// populated is whether a process lives in the cgroup or below it.
func populated(path string) bool {
	data, err := readSmall(path + "/cgroup.events")
	return err == nil && bytes.Contains(data, []byte("populated 1"))
}

// killCgroup kills everything in the cgroup and below it.
func killCgroup(path string) error {
	return os.WriteFile(path+"/cgroup.kill", []byte("1"), 0)
}

// freezeCgroup has everything in the cgroup and below it stand still, and thaw
// the opposite. What stands still can be killed (cgroup-v2, cgroup.freeze).
func freezeCgroup(path string) error {
	return os.WriteFile(path+"/cgroup.freeze", []byte("1"), 0)
}

func thawCgroup(path string) error {
	return os.WriteFile(path+"/cgroup.freeze", []byte("0"), 0)
}

// ownCgroup is the folder of the cgroup v2 this process is in.
func ownCgroup() (string, error) {
	data, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	path, err := unifiedPath(string(data))
	if err != nil {
		return "", err
	}
	mount, err := cgroupMount()
	if err != nil {
		return "", err
	}
	return filepath.Join(mount, path), nil
}

// unifiedPath is a process's place in the cgroup v2 tree, which a hybrid machine
// has beside those of v1 (cgroups(7), /proc/PID/cgroup).
func unifiedPath(text string) (string, error) {
	for line := range strings.Lines(text) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path, nil
		}
	}
	return "", errors.New("there is no cgroup v2 here (of v1 sysg makes no use): boot with cgroup_no_v1=all")
}

// cgroupMount is where the cgroup v2 tree is mounted.
func cgroupMount() (string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	return unifiedMount(string(data))
}

// unifiedMount finds it among all mounts (proc(5), mountinfo: the mount point is
// field 5, the type the first after " - ").
func unifiedMount(mounts string) (string, error) {
	for line := range strings.Lines(mounts) {
		head, tail, ok := strings.Cut(line, " - ")
		fields := strings.Fields(head)
		if ok && len(fields) >= 5 && strings.HasPrefix(tail, "cgroup2 ") {
			return fields[4], nil
		}
	}
	return "", errors.New("cgroup v2 is not mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup")
}
