package privilege

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/privilege/stage"
)

// Held reads back from the kernel what the main process of a unit is held to,
// in the order of the manifest's keys; nil where nothing was asked. Of a unit
// with a PID namespace it is the service below the main process that is read.
// Folder is the unit's cgroup, empty for none.
func Held(main int, folder string, p *config.Privileges, f Facts) []Holding {
	plan, err := Of(p, f)
	if err != nil || plan.Orders == nil {
		return nil
	}
	pid := Service(main, p)
	r := reading{dir: "/proc/" + strconv.Itoa(pid) + "/", status: map[string]string{}, orders: plan.Orders, asked: p, pid: pid}
	for line := range strings.Lines(r.file("status")) {
		name, value, _ := strings.Cut(line, ":")
		r.status[name] = strings.TrimSpace(value)
	}
	for _, part := range []func(){r.identity, r.scheduling, r.capabilities, r.namespaces, r.mounts, r.confinement} {
		part()
	}
	return append(r.list, heldByCgroup(folder, plan.Cgroup, func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			return ""
		}
		return string(text)
	})...)
}

// Service is the process of a unit that the keys are about: the main process,
// or where that is a reaper the one below it.
func Service(main int, p *config.Privileges) int {
	if p.Isolation["pid"] == "true" {
		if service := childOf(main); service > 0 {
			return service
		}
	}
	return main
}

// reading gathers what is found about one process.
type reading struct {
	dir    string
	pid    int
	status map[string]string
	orders *stage.Orders
	asked  *config.Privileges
	list   []Holding
}

func (r *reading) file(name string) string {
	text, err := os.ReadFile(r.dir + name)
	if err != nil {
		return ""
	}
	return string(text)
}

// add notes what has to be equal.
func (r *reading) add(key, asked, inForce string) {
	if inForce == "" {
		inForce = "cannot be read"
	}
	r.list = append(r.list, Holding{Key: key, Asked: asked, InForce: inForce, OK: asked == inForce})
}

// say notes what agrees or not in another way than by the word.
func (r *reading) say(key, asked, inForce string, ok bool) {
	r.list = append(r.list, Holding{Key: key, Asked: asked, InForce: inForce, OK: ok})
}

func (r *reading) identity() {
	id := r.orders.Identity
	if id == nil {
		return
	}
	same := func(key string, number int) bool {
		return !slices.ContainsFunc(strings.Fields(r.status[key]), func(s string) bool { return s != strconv.Itoa(number) })
	}
	if r.asked.User != "" || id.UID != os.Geteuid() {
		r.say("user", fmt.Sprintf("%s (%d)", id.User, id.UID), firstField(r.status["Uid"]), same("Uid", id.UID))
	}
	r.say("group", id.Group, firstField(r.status["Gid"]), same("Gid", id.GID))
	groups := strings.Trim(fmt.Sprint(id.Groups), "[]")
	r.say("supplementary_groups", orNone(groups), orNone(strings.Join(strings.Fields(r.status["Groups"]), " ")), groups == strings.Join(strings.Fields(r.status["Groups"]), " "))
}

func firstField(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return "cannot be read"
}

func (r *reading) scheduling() {
	if n := r.orders.Nice; n != nil {
		now, err := unix.Getpriority(unix.PRIO_PROCESS, r.pid)
		text := ""
		if err == nil {
			// The system call gives 20 minus the value (getpriority(2)).
			text = strconv.Itoa(20 - now)
		}
		r.add("limits.nice", strconv.Itoa(*n), text)
	}
	if list := r.orders.Affinity; len(list) > 0 {
		var set unix.CPUSet
		if err := unix.SchedGetaffinity(r.pid, &set); err != nil {
			r.add("limits.cpu_affinity", cpuList(list), "")
		} else {
			var now []int
			for n := range len(set) * 64 {
				if set.IsSet(n) {
					now = append(now, n)
				}
			}
			r.add("limits.cpu_affinity", cpuList(list), cpuList(now))
		}
	}
	if n := r.orders.OOM; n != nil {
		r.add("limits.oom_score_adj", strconv.Itoa(*n), strings.TrimSpace(r.file("oom_score_adj")))
	}
}

// cpuList is a list of CPUs in order, each once.
func cpuList(list []int) string {
	list = slices.Compact(slices.Sorted(slices.Values(list)))
	return strings.Trim(fmt.Sprint(list), "[]")
}

// capabilities are compared in all five sets.
func (r *reading) capabilities() {
	set := func(name string) Set {
		n, err := strconv.ParseUint(r.status[name], 16, 64)
		if err != nil {
			return ^Set(0)
		}
		return Set(n)
	}
	if r.orders.Caps != nil {
		want := Set(*r.orders.Caps)
		wrong := ""
		for _, name := range []string{"CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"} {
			if got := set(name); got != want {
				wrong += fmt.Sprintf("%s: %s; ", name, got)
			}
		}
		if wrong == "" {
			r.say("capabilities", want.String(), want.String()+", in all five sets", true)
		} else {
			r.say("capabilities", want.String(), strings.TrimSuffix(wrong, "; "), false)
		}
	} else if lost := Set(r.orders.Drop); lost != 0 {
		r.say("capabilities", "without "+lost.String(), "without "+(lost&^set("CapBnd")).String(), lost&set("CapBnd") == 0)
	}
}

// namespaceKinds are the keys, their files below /proc/PID/ns and their flags.
var namespaceKinds = []struct {
	key, file string
	flag      uintptr
}{
	{"network", "net", unix.CLONE_NEWNET},
	{"mount", "mnt", unix.CLONE_NEWNS},
	{"pid", "pid", unix.CLONE_NEWPID},
	{"user", "user", unix.CLONE_NEWUSER},
	{"uts", "uts", unix.CLONE_NEWUTS},
	{"ipc", "ipc", unix.CLONE_NEWIPC},
}

func (r *reading) namespaces() {
	for _, n := range namespaceKinds {
		if r.orders.Namespaces&n.flag == 0 {
			continue
		}
		asked := "its own"
		if r.asked.Isolation[n.key] != "true" {
			asked = "its own, for the others"
		}
		own, err := os.Readlink(r.dir + "ns/" + n.file)
		outside, _ := os.Readlink("/proc/self/ns/" + n.file)
		if err != nil {
			r.say("isolation."+n.key, asked, "cannot be read", false)
			continue
		}
		r.say("isolation."+n.key, asked, own, own != outside)
	}
}

// mounts looks for what was mounted (proc(5), mountinfo).
func (r *reading) mounts() {
	m := r.orders.Mounts
	if !m.Tmp && !m.Devices && !m.ReadOnly {
		return
	}
	kind, options := map[string]string{}, map[string]string{}
	for line := range strings.Lines(r.file("mountinfo")) {
		head, tail, ok := strings.Cut(line, " - ")
		if f := strings.Fields(head); ok && len(f) >= 6 {
			kind[f[4]], options[f[4]] = strings.Fields(tail)[0], f[5]
		}
	}
	mounted := func(key, dir string) {
		text := "nothing is mounted on " + dir
		if kind[dir] != "" {
			text = kind[dir] + " on " + dir
		}
		r.say("isolation."+key, "true", text, kind[dir] == "tmpfs")
	}
	if m.Tmp {
		mounted("private_tmp", "/tmp")
	}
	if m.Devices {
		mounted("private_devices", "/dev")
	}
	if m.ReadOnly {
		ro := strings.HasPrefix(options["/"], "ro,") || options["/"] == "ro"
		r.say("isolation.read_only", "true", "/ is mounted "+orNone(options["/"]), ro)
	}
}

func (r *reading) confinement() {
	if r.orders.NoNewPrivs {
		r.add("isolation.no_new_privs", "true", map[string]string{"0": "false", "1": "true"}[r.status["NoNewPrivs"]])
	}
	if l := r.orders.Landlock; l != nil {
		// The kernel shows nobody's rules.
		asked := "ro " + orNone(strings.Join(l.ReadOnly, " ")) + "; rw " + orNone(strings.Join(l.ReadWrite, " "))
		text := fmt.Sprintf("restricted at its start (Landlock %d; the kernel does not show rules)", l.ABI)
		if l.ABI < truncateABI {
			text += "; this version does not hold truncate(2)"
		}
		r.say("isolation.landlock", asked, text, true)
	}
	if len(r.orders.Filter) > 0 {
		text := map[string]string{"0": "no filter", "1": "strict", "2": r.status["Seccomp_filters"] + " filter"}[r.status["Seccomp"]]
		r.say("isolation.seccomp", r.asked.Isolation["seccomp"], orNone(text), r.status["Seccomp"] == "2")
	}
	if l := r.orders.Label; l != nil {
		key := "isolation.selinux_context"
		asked := r.asked.Isolation["selinux_context"]
		if asked == "" {
			key, asked = "isolation.apparmor_profile", r.asked.Isolation["apparmor_profile"]
		}
		now := strings.TrimRight(r.file("attr/current"), "\x00\n")
		r.say(key, asked, orNone(now), strings.HasPrefix(now, asked))
	}
}

// truncateABI is the version of Landlock that holds truncate(2).
const truncateABI = 3

// childOf is the first child of a process, by whichever of its threads; 0 for
// none (proc(5), children).
func childOf(pid int) int {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, t := range threads {
		text, err := os.ReadFile(dir + "/" + t.Name() + "/children")
		if f := strings.Fields(string(text)); err == nil && len(f) > 0 {
			if n, err := strconv.Atoi(f[0]); err == nil {
				return n
			}
		}
	}
	return 0
}
