package proc

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A process of somebody else's: an adopted main process whose parent reaps it
// at once, late, or never.
const (
	fosterWord = "__foster"
	// The foster reaps as soon as its child ends.
	fosterReaps = "reaps"
	// It does not before its input ends.
	fosterWaits = "waits"
)

// foster is the life of a parent: it starts a shell, says its number, and
// reaps it.
func foster(how string) {
	script := bufio.NewReader(os.Stdin)
	line, _ := script.ReadString('\n')
	r, w, err := os.Pipe()
	if err != nil {
		os.Exit(2)
	}
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdin = r
	if cmd.Start() != nil {
		os.Exit(2)
	}
	os.Stdout.WriteString(strconv.Itoa(cmd.Process.Pid) + "\n")
	// The next line lets the child go on.
	_, _ = script.ReadString('\n')
	_ = w.Close()
	if how == fosterWaits {
		_, _ = io.Copy(io.Discard, script)
	}
	_ = cmd.Wait()
	_, _ = io.Copy(io.Discard, script)
}

// fostered starts a command whose parent is another process, and adopts it.
func (r *room) fostered(how, line string) (id TreeID, p Process, release func()) {
	r.Helper()
	parent := exec.Command(os.Args[0], fosterWord, how)
	in, err := parent.StdinPipe()
	if err != nil {
		r.Fatal(err)
	}
	out, err := parent.StdoutPipe()
	if err != nil {
		r.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		_ = in.Close()
		_ = parent.Wait()
	})
	_, _ = io.WriteString(in, line+"\n")
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		r.Fatal(err)
	}
	p.PID, _ = strconv.Atoi(strings.TrimSpace(said))
	st, err := readStat(p.PID)
	if err != nil {
		r.Fatal(err)
	}
	p.StartTicks, p.BootID, p.Containment, p.Mark = st.ticks, r.host.bootID, ContainMarker, newMark()
	r.run++
	id = TreeID{Unit: "demo/fostered", Run: r.run}
	return id, p, func() { _, _ = io.WriteString(in, "go\n") }
}

// How an adopted process ended is known though it is somebody else's child: as
// long as nobody has reaped it from /proc, afterwards from the kernel.
func TestTrueStatusOfSomebodyElsesChild(t *testing.T) {
	for _, how := range []string{fosterWaits, fosterReaps} {
		if how == fosterReaps && !kernelTells() {
			t.Log("this kernel forgets the status of a process that was reaped")
			continue
		}
		for line, want := range map[string]Status{
			"read x; exit 78":    {Known: true, Code: 78},
			"read x; kill -9 $$": {Known: true, Code: -1, Signal: syscall.SIGKILL},
			"read x; exit 0":     {Known: true},
		} {
			r := newRoom(t, ContainMarker)
			id, p, release := r.fostered(how, line)
			if err := r.host.Adopt(id, p); err != nil {
				t.Fatal(err)
			}
			release()
			if got := r.exited(id).Status; got != want {
				t.Errorf("%q, a parent that %s: %v, want %v", line, how, got, want)
			}
		}
	}
}

// A guardian's word counts, also before the kernel tells that the process has
// ended, and its number comes out with the exit.
func TestGuardiansWord(t *testing.T) {
	r := newRoom(t, ContainMarker)
	id, p, release := r.fostered(fosterReaps, "read x; exit 3")
	st, err := readStat(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	r.host.mu.Lock()
	r.host.o.Guardian = st.parent
	r.host.mu.Unlock()
	if err := r.host.Adopt(id, p); err != nil {
		t.Fatal(err)
	}
	if r.host.Told(Remains{PID: p.PID, StartTicks: p.StartTicks + 1, Handle: p.Handle + 1}, 1) {
		t.Error("the end of another process with the same number was taken for it")
	}
	if !r.host.Told(Remains{PID: p.PID, StartTicks: p.StartTicks, Handle: p.Handle, Status: Status{Known: true, Code: 3}}, 7) {
		t.Error("the end of a main process was not taken")
	}
	got := r.exited(id)
	if got.Status != (Status{Known: true, Code: 3}) || got.Told != 7 {
		t.Errorf("%v, told by %d", got.Status, got.Told)
	}
	release()
}

func TestReleasesOfLinux(t *testing.T) {
	for release, want := range map[string]bool{
		"6.18.44-fc-v782": true, "6.15": true, "6.14.9": false, "5.10.0-28-amd64": false, "7.0-rc1": true, "": false, "x.y": false,
	} {
		if got := since(release, 6, 15); got != want {
			t.Errorf("%q: %v", release, got)
		}
	}
}
