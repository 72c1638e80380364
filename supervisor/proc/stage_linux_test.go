package proc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"systemg/supervisor/privilege/stage"
)

func TestMain(m *testing.M) {
	Stage()
	if len(os.Args) == 3 && os.Args[1] == fosterWord {
		foster(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// withFiles starts a command with two files and gives what it writes.
func (r *room) withFiles(env []string, argv ...string) (Process, string) {
	r.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		r.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	null, err := os.Open("/dev/null")
	if err != nil {
		r.Fatal(err)
	}
	defer null.Close()
	r.run++
	id := TreeID{Unit: "demo/unit", Run: r.run}
	p, err := r.host.Start(Spec{
		Tree: id, Argv: argv, Dir: "/", Env: env, Stdout: out, Stderr: out,
		Files: []*os.File{null, out}, Names: []string{"null", "out"},
	})
	if err != nil {
		r.Fatal(err)
	}
	_ = out.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		r.Fatal(err)
	}
	if got := r.exited(id).Status; got != (Status{Known: true}) {
		r.Errorf("%q ended with %v: %s", argv, got, text)
	}
	r.emptied(id)
	return p, string(text)
}

// LISTEN_PID is the service itself: the program of an exec, the shell of a
// command, and whatever a shell becomes.
func TestListenPIDIsTheServicesOwn(t *testing.T) {
	const tell = "import os; print(os.environ['LISTEN_PID'], os.getpid(), os.environ['LISTEN_FDS'], os.environ['LISTEN_FDNAMES'], os.environ['A'])"
	inBoth(t, func(r *room) {
		env := append(os.Environ(), "A=1", "LISTEN_PID=1", "LISTEN_FDS=7", "LISTEN_FDNAMES=other")
		for _, argv := range [][]string{
			{"python3", "-c", tell},
			{"/bin/sh", "-c", `exec python3 -c "$0"`, tell},
			{"/bin/sh", "-c", "echo $LISTEN_PID $$ $LISTEN_FDS $LISTEN_FDNAMES $A"},
		} {
			p, got := r.withFiles(env, argv...)
			if want := fmt.Sprintf("%d %d 2 null:out 1\n", p.PID, p.PID); got != want {
				r.Errorf("%q says %q, want %q", argv[:2], got, want)
			}
		}
	})
}

// A service has its files, and nothing of the supervisor's or the stage's.
func TestServiceInheritsItsFilesAndNothingElse(t *testing.T) {
	inBoth(t, func(r *room) {
		_, got := r.withFiles(os.Environ(), "/bin/sh", "-c", "ls -l /proc/$$/fd; echo said >&4")
		var lines []string
		for line := range strings.Lines(got) {
			if f := strings.Fields(line); len(f) > 2 && f[len(f)-2] == "->" {
				target, _, _ := strings.Cut(f[len(f)-1], "[")
				lines = append(lines, f[len(f)-3]+"="+target)
			}
		}
		if !strings.HasSuffix(got, "said\n") {
			r.Errorf("descriptor 4 is not its pipe: %q", got)
		}
		want := []string{"0=/dev/null", "1=pipe:", "2=pipe:", "3=/dev/null", "4=pipe:"}
		if !slices.Equal(lines, want) {
			r.Errorf("descriptors %q, want %q", lines, want)
		}
	})
}

// A signal to a service in a PID namespace reaches the service, also one that
// its process 1 cannot catch; SIGKILL ends process 1, and all with it. One that
// was adopted is known by what the kernel says.
func TestSignalsPassProcessOne(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may make a PID namespace")
	}
	r := newRoom(t, ContainMarker)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	id := TreeID{Unit: "demo/apart", Run: 1}
	p, err := r.host.Start(Spec{
		Tree: id, Dir: "/", Env: os.Environ(), Stdout: out, Stderr: out, Reaper: true,
		Argv:   []string{"/bin/sh", "-c", "trap 'echo caught' 34; trap 'exit 7' 64; echo ready; while :; do sleep 0.01; done"},
		Orders: &stage.Orders{Namespaces: unix.CLONE_NEWPID | unix.CLONE_NEWNS},
	})
	_ = out.Close()
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(in)
	r.line(said)
	const sigRTMin, sigRTMax = 34, 64
	if err := r.host.SignalMain(id, sigRTMin); err != nil {
		t.Fatal(err)
	}
	if got := r.line(said); got != "caught" {
		t.Errorf("it says %q", got)
	}
	r.host.mu.Lock()
	tr := r.host.trees[id]
	r.host.mu.Unlock()
	service, first := tr.addressee(unix.SIGSTOP), tr.addressee(unix.SIGKILL)
	if st, err := readStat(service); err != nil || st.parent != p.PID || first != p.PID {
		t.Errorf("SIGSTOP goes to %d, SIGKILL to %d; process 1 is %d, %v", service, first, p.PID, err)
	}
	if !isFirst(p.PID) || isFirst(service) || isFirst(os.Getpid()) {
		t.Error("process 1 is not known")
	}
	if err := r.host.Signal(id, sigRTMax); err != nil {
		t.Fatal(err)
	}
	if got := r.exited(id).Status; got != (Status{Known: true, Code: 7}) {
		t.Errorf("it ended with %v", got)
	}
	r.emptied(id)
}

// The limit on descriptors is what it would be without the stage: the Go
// runtime raises its own.
func TestStageLeavesLimitsAlone(t *testing.T) {
	r := newRoom(t, ContainMarker)
	_, staged := r.withFiles(os.Environ(), "/bin/sh", "-c", "ulimit -Sn; ulimit -Hn")
	_, _, direct := r.start("/bin/sh", "-c", "ulimit -Sn; ulimit -Hn")
	if want := r.line(direct) + "\n" + r.line(direct) + "\n"; staged != want {
		t.Errorf("limits %q, without a stage %q", staged, want)
	}
}
