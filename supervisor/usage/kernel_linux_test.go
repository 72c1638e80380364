package usage

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is its own child: with USAGE_TEST_ACT it works for as long
// as it is told, says so, and waits for the end of its stdin.
func TestMain(m *testing.M) {
	work, err := time.ParseDuration(os.Getenv("USAGE_TEST_ACT"))
	if err != nil {
		os.Exit(m.Run())
	}
	for used := time.Duration(0); used < work; {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			panic(err)
		}
		used = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	fmt.Println("worked")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// worker is a child that has used that much CPU time and now waits.
func worker(t testing.TB, used time.Duration) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-named", "by the test")
	cmd.Env = []string{"USAGE_TEST_ACT=" + used.String()}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("child said %q: %v", line, err)
	}
	return cmd
}

func TestKernelSeesAProcess(t *testing.T) {
	began := new(kernel).uptime()
	cmd := worker(t, 300*time.Millisecond)
	k := new(kernel)
	m, ok := k.process(cmd.Process.Pid)
	if !ok || int(m.pid) != cmd.Process.Pid || int(m.ppid) != os.Getpid() {
		t.Fatalf("got %+v, %v", m, ok)
	}
	if m.self < 29 || m.self > 200 {
		t.Errorf("%d ticks of CPU, want about 30", m.self)
	}
	if began := uint64(began / tick); m.start+1 < began || m.start > began+1000 {
		t.Errorf("began at %d, the test at %d", m.start, began)
	}
	if m.pages == 0 || m.zombie() {
		t.Errorf("got %+v", m)
	}
	if got := k.command(cmd.Process.Pid); got != "/proc/self/exe -named by the test" {
		t.Errorf("command %q", got)
	}
	if _, ok := k.process(1 << 30); ok {
		t.Error("a process that cannot be")
	}
}

func TestProcesses(t *testing.T) {
	child := worker(t, 50*time.Millisecond).Process.Pid
	me := os.Getpid()
	var table Table
	for range 2 {
		rows := table.Processes([]int{child, 1 << 30, me})
		if len(rows) != 2 || rows[0].PID != me || rows[0].Depth != 0 || rows[1].PID != child || rows[1].Depth != 1 {
			t.Fatalf("got %+v", rows)
		}
		if r := rows[1]; r.PPID != me || r.RSS == 0 || len(r.State) != 1 || r.CPUPercent <= 0 {
			t.Errorf("got %+v", r)
		}
	}
}

func TestLimits(t *testing.T) {
	limits, err := Limits(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	for _, l := range limits {
		if l.Name == "Max open files" {
			if l.Soft != fmt.Sprint(files.Cur) || l.Hard != fmt.Sprint(files.Max) || l.Unit != "files" {
				t.Errorf("got %+v, want %+v", l, files)
			}
			return
		}
	}
	t.Errorf("got %+v", limits)
}

// A cgroup that counts: its CPU time includes children that have ended.
func TestKernelSeesACgroup(t *testing.T) {
	dir, err := os.MkdirTemp(cgroupRoot(), "usage-test-")
	if err != nil {
		needs(t, false, "cannot make a cgroup: "+err.Error())
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	k := new(kernel)
	if _, ok := k.spent(dir); !ok {
		t.Fatal("a new cgroup is not seen")
	}
	group, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = []string{"USAGE_TEST_ACT=100ms"} // stdin is /dev/null: it works and ends
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
	if err := cmd.Run(); err != nil {
		needs(t, false, "cannot start a process in a cgroup: "+err.Error())
	}
	cpu, ok := k.spent(dir)
	if !ok || cpu < 90*time.Millisecond || cpu > 10*time.Second {
		t.Errorf("%v of CPU time, %v", cpu, ok)
	}
	if again, _ := k.spent(dir); again != cpu {
		t.Errorf("nobody is in it, and it went from %v to %v", cpu, again)
	}
	if _, ok := k.spent(dir + "/none"); ok {
		t.Error("a cgroup that is not there")
	}
}

// The kernel counts what a fork costs: a cgroup whose CPU time stood still has
// the same members.
func TestAForkIsWork(t *testing.T) {
	dir, err := os.MkdirTemp(cgroupRoot(), "usage-test-")
	if err != nil {
		needs(t, false, "cannot make a cgroup: "+err.Error())
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	group, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	// It forks whenever it reads a line, and says so.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "while read line; do sleep 0 & echo; wait; echo; done")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		needs(t, false, "cannot start a process in a cgroup: "+err.Error())
	}
	k, said := new(kernel), make([]byte, 1)
	before, _ := k.spent(dir)
	for range 20 {
		_, _ = in.Write([]byte("\n"))
		for _, what := range []string{"a fork", "an end"} {
			if _, err := io.ReadFull(out, said); err != nil {
				t.Fatal(err)
			}
			now, _ := k.spent(dir)
			if now <= before {
				t.Errorf("%s: %v before, %v after", what, before, now)
			}
			before = now
		}
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func cgroupRoot() string {
	for _, dir := range []string{"/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
		if _, err := os.Stat(dir + "/cgroup.procs"); err == nil {
			return dir
		}
	}
	return "/sys/fs/cgroup"
}

// A sampler on the real kernel sees what a real child uses.
func TestSamplerOnTheRealKernel(t *testing.T) {
	cmd := worker(t, 10*time.Millisecond)
	readings := make(chan map[string]Reading)
	s, err := NewSampler(Options{
		Dir:     t.TempDir(),
		Trees:   func() []Tree { return []Tree{{Unit: "shop/web", PIDs: these(cmd.Process.Pid, 1<<30)}} },
		Publish: func(r map[string]Reading) { readings <- r },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	r := (<-readings)["shop/web"]
	if r.Processes != 1 || r.MemoryBytes < 1<<20 || r.CPUPercent != 0 {
		t.Errorf("got %+v", r)
	}
	cancel()
	<-ended
	release := s.Watch() // after the end it does nothing and blocks nobody
	release()
}

func BenchmarkSampleThousandProcesses(b *testing.B) {
	const processes = 1000
	trees := make([]Tree, 0, processes)
	for i := range processes {
		cmd := exec.CommandContext(b.Context(), "sleep", "1000")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		trees = append(trees, Tree{Unit: fmt.Sprintf("shop/web.%d", i), PIDs: these(cmd.Process.Pid)})
	}
	s, err := NewSampler(Options{Trees: func() []Tree { return trees }})
	if err != nil {
		b.Fatal(err)
	}
	s.sample()
	b.ReportAllocs()
	for b.Loop() {
		s.sample()
	}
}

func BenchmarkFlushThousandUnits(b *testing.B) {
	m := newMachine()
	var trees []Tree
	for pid := 1; pid <= 1000; pid++ {
		m.start(pid, 1)
		trees = append(trees, Tree{Unit: fmt.Sprintf("shop/web.%d", pid), PIDs: these(pid)})
	}
	s, err := newSampler(Options{Dir: b.TempDir(), Trees: func() []Tree { return trees }}, m)
	if err != nil {
		b.Fatal(err)
	}
	s.sample()
	at := time.Now()
	for _, t := range s.tracks {
		t.note(figures{cpu: 1, memory: 1, processes: 1, speaks: 10 * time.Second}, at, true)
	}
	s.flush(true) // begins the files
	for b.Loop() {
		b.StopTimer()
		for range 6 {
			at = at.Add(10 * time.Second)
			for _, t := range s.tracks {
				t.note(figures{cpu: 1, memory: 1, processes: 1, speaks: 10 * time.Second}, at, true)
			}
		}
		b.StartTimer()
		s.flush(false)
	}
	if s.full != "" {
		b.Fatal(s.full)
	}
}

func BenchmarkHistory(b *testing.B) {
	a := &archive{dir: b.TempDir(), layout: layoutFor(DefaultRetention), used: -1}
	points := [2][]record{1: {{slot: slotAt(noon, coarseStep), cpu: 1}}}
	err := a.write("shop/web", points, func() bool { return true }, nil)
	if err != nil {
		b.Fatal(err)
	}
	s := &Sampler{archive: a, tracks: map[string]*track{}}
	for b.Loop() {
		if h := s.History("shop/web", 15*time.Minute, noon); len(h.CPU) != 90 {
			b.Fatal(len(h.CPU))
		}
	}
}

func FuzzParseStat(f *testing.F) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("1 (a) b) S 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, name, ok := parseStat(text)
		if ok && !strings.Contains(string(text), "("+string(name)+")") {
			t.Errorf("the name %q is not in it", name)
		}
		parseLimits(text)
		parseCPUStat(text)
	})
}
