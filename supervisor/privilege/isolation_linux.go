package privilege

import (
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/privilege/seccomp"
	"systemg/supervisor/privilege/stage"
)

// namespaces are the keys of isolation that are one.
var namespaces = map[string]uintptr{
	"network": unix.CLONE_NEWNET, "mount": unix.CLONE_NEWNS, "pid": unix.CLONE_NEWPID,
	"uts": unix.CLONE_NEWUTS, "ipc": unix.CLONE_NEWIPC, "user": unix.CLONE_NEWUSER,
}

// Capabilities by which a unit could lift what its mounts restrict.
var (
	remounts = setOf("CAP_SYS_ADMIN")
	hardware = setOf("CAP_MKNOD", "CAP_SYS_RAWIO")
)

// capabilities are exactly the named ones, in all five sets.
func (b *builder) capabilities(p *config.Privileges) error {
	if p.Capabilities == nil {
		return nil
	}
	want := setOf(p.Capabilities...)
	if lacking := want &^ b.f.Capabilities; lacking != 0 {
		return &Refusal{Key: "capabilities", Text: fmt.Sprintf("this supervisor does not have %s itself", lacking)}
	}
	sets := uint64(want)
	b.orders.Caps, b.orders.Drop = &sets, uint64(all(b.f.LastCapability)&^want)
	b.held = true
	return nil
}

// isolation are namespaces and mounts.
func (b *builder) isolation(p *config.Privileges) error {
	on := func(key string) bool { return p.Isolation[key] == "true" }
	o := &b.orders
	for key, flag := range namespaces {
		if on(key) {
			o.Namespaces |= flag
		}
	}
	o.Mounts = stage.Mounts{Tmp: on("private_tmp"), Devices: on("private_devices"), ReadOnly: on("read_only")}
	if o.Mounts.Tmp || o.Mounts.Devices || o.Mounts.ReadOnly || on("pid") {
		// A /proc that shows the namespace has to be mounted somewhere.
		o.Namespaces |= unix.CLONE_NEWNS
	}
	b.plan.Reaper = on("pid")
	lost := Set(0)
	if o.Mounts.ReadOnly || o.Mounts.Devices {
		lost |= remounts
	}
	if o.Mounts.Devices {
		lost |= hardware
	}
	o.Drop |= uint64(lost &^ setOf(p.Capabilities...))
	if o.Namespaces != 0 && !b.f.Root() {
		// Only inside a user namespace may another user make the others.
		o.Namespaces |= unix.CLONE_NEWUSER
		o.DenyGroups = true
	}
	if o.Namespaces&unix.CLONE_NEWUSER != 0 {
		b.mapUsers()
	}
	return nil
}

// mapUsers has the numbers exist that the unit needs, each as itself: its own,
// and where root makes the namespace root's, which mounts and changes the user.
func (b *builder) mapUsers() {
	o := &b.orders
	o.Users, o.Groups = []int{b.f.UID}, []int{b.f.GID}
	if id := o.Identity; id != nil {
		o.Users = append(o.Users, id.UID)
		o.Groups = append(append(o.Groups, id.GID), id.Groups...)
	}
	for _, list := range []*[]int{&o.Users, &o.Groups} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// confine are Landlock, seccomp, the security modules, and no_new_privs.
func (b *builder) confine(p *config.Privileges) error {
	o := &b.orders
	if p.Landlock != nil {
		o.Landlock = &stage.Landlock{ABI: b.f.Landlock, ReadOnly: p.Landlock.ReadOnly, ReadWrite: p.Landlock.ReadWrite}
		b.held = true
	}
	if profile := p.Isolation["seccomp"]; profile != "" {
		filter, err := b.filterOf(profile, p.Capabilities)
		if err != nil {
			return &Refusal{Key: "isolation.seccomp", Text: err.Error()}
		}
		o.Filter, b.held = filter, true
	}
	if err := b.label(p); err != nil {
		return err
	}
	switch p.Isolation["no_new_privs"] {
	case "true":
		o.NoNewPrivs = true
	case "":
		o.NoNewPrivs = b.held
	}
	return nil
}

// filterOf is the built-in profile, or that of a file.
func (b *builder) filterOf(profile string, capabilities []string) ([]byte, error) {
	if profile == config.SeccompDefault {
		return seccomp.Standard(capabilities).Program()
	}
	data, err := b.readProfile(profile)
	if err != nil {
		return nil, fmt.Errorf("the profile cannot be read: %w", err)
	}
	parsed, err := seccomp.Read(data)
	if err != nil {
		return nil, fmt.Errorf("the profile %s %w", profile, err)
	}
	return parsed.Program()
}

// maxProfile is the largest profile that is read; Docker's has 12 KiB.
const maxProfile = 1 << 20

// readProfile reads a file, with --sys only one that nobody but root can write:
// by another a unit could loosen its own filter.
func (b *builder) readProfile(path string) ([]byte, error) {
	// What is no file, such as a pipe, is not waited for.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > maxProfile:
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxProfile>>20)
	}
	if b.f.System && b.f.Root() {
		if err := config.Trusted(f); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(f, maxProfile))
}

// label is the profile or context of a security module. The kernel takes one
// module's from a file of each.
func (b *builder) label(p *config.Privileges) error {
	profile, context := p.Isolation["apparmor_profile"], p.Isolation["selinux_context"]
	switch {
	case profile != "" && context != "":
		return &Refusal{Key: "isolation.selinux_context", Text: "a unit cannot have an apparmor_profile too"}
	case profile != "":
		b.orders.Label = &stage.Label{File: appArmorFile(), Text: "exec " + profile, Step: "set AppArmor profile " + profile}
	case context != "":
		b.orders.Label = &stage.Label{File: "/proc/self/attr/exec", Text: context, Step: "set SELinux context " + context}
	}
	return nil
}

// appArmorFile is AppArmor's own file where the kernel has one (Linux 5.8).
func appArmorFile() string {
	if exists("/proc/self/attr/apparmor/exec") {
		return "/proc/self/attr/apparmor/exec"
	}
	return "/proc/self/attr/exec"
}
