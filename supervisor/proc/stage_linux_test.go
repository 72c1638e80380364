package proc

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
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
