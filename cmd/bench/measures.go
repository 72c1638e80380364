package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// empty is a Go program that does nothing.
const empty = "package main\n\nfunc main() {}\n"

// commands compares starting sysg with starting any Go program.
func (b *bench) commands() ([]row, error) {
	source := filepath.Join(b.dir, "empty.go")
	floor := filepath.Join(b.dir, "empty")
	if err := os.WriteFile(source, []byte(empty), 0o600); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", floor, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	timed := func(name string, args ...string) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			began := time.Now()
			err := exec.Command(name, args...).Run()
			return time.Since(began), err
		}
	}
	nothing, err := median(101, timed(floor))
	if err != nil {
		return nil, err
	}
	version, err := median(101, timed(b.binary, "version"))
	return []row{{"`sysg version` against an empty Go program", ms(version), ms(nothing), ratio(version, nothing), "≤ 3"}}, err
}

// restTime is how long a supervisor is left alone before it counts as idle.
const restTime = 3 * time.Second

// one measures a supervisor with a single unit.
func (b *bench) one() ([]row, error) {
	s, err := b.system("version: 1\nservices:\n  a: {exec: [sleep, \"100000\"], restart_policy: always, backoff: 0}\n")
	if err != nil {
		return nil, err
	}
	if _, err := s.do("start", "-d"); err != nil {
		return nil, err
	}
	defer s.stop()
	pid, err := s.supervisor()
	if err != nil {
		return nil, err
	}
	time.Sleep(restTime)
	size, err := pss(pid)
	if err != nil {
		return nil, err
	}
	floor, err := median(51, func() (time.Duration, error) {
		began := time.Now()
		p, err := os.StartProcess("/bin/sleep", []string{"sleep", "0"}, &os.ProcAttr{})
		took := time.Since(began)
		if err == nil {
			_, err = p.Wait()
		}
		return took, err
	})
	if err != nil {
		return nil, err
	}
	replaced, err := median(51, func() (time.Duration, error) { return s.replacement() })
	return []row{
		{"memory with 1 idle unit (PSS)", fmt.Sprintf("%.1f MB", size), "", "", "≤ 14 MB"},
		{"kill -9 of a unit to its replacement (median)", ms(replaced), ms(floor) + " (os.StartProcess)", ratio(replaced, floor), "≤ 5 ms"},
	}, err
}

// replacement kills the unit and waits until another process has its place: a
// child of the supervisor that was not there before.
func (s *system) replacement() (time.Duration, error) {
	pid, err := s.supervisor()
	if err != nil {
		return 0, err
	}
	children := fmt.Sprintf("/proc/%d/task", pid)
	old, err := childOf(children, 0)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		return 0, err
	}
	for time.Since(began) < 10*time.Second {
		if now, err := childOf(children, old); err == nil && now != 0 {
			return time.Since(began), nil
		}
	}
	return 0, errors.New("there is no replacement")
}

// childOf is a child of a process other than one (proc(5), children).
func childOf(tasks string, other int) (int, error) {
	list, err := os.ReadDir(tasks)
	if err != nil {
		return 0, err
	}
	for _, task := range list {
		data, err := os.ReadFile(filepath.Join(tasks, task.Name(), "children"))
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(data)) {
			var pid int
			if _, err := fmt.Sscan(field, &pid); err == nil && pid != other {
				return pid, nil
			}
		}
	}
	return 0, nil
}

// volume is what the producer of the throughput measure writes.
const volume = 1 << 30

// throughput compares a unit that writes at full speed with the same producer
// piped into cat.
func (b *bench) throughput() ([]row, error) {
	writer, err := b.producer()
	if err != nil {
		return nil, err
	}
	var best [2]time.Duration
	var used time.Duration
	var bytes int64
	for range 3 {
		floor, err := b.intoCat(writer)
		if err != nil {
			return nil, err
		}
		took, computed, kept, err := b.intoUnit(writer)
		if err != nil {
			return nil, err
		}
		if best[0] == 0 || floor < best[0] {
			best[0] = floor
		}
		if best[1] == 0 || took < best[1] {
			best[1], used = took, computed
		}
		bytes = kept
	}
	kept := "every byte kept"
	if bytes != volume {
		kept = fmt.Sprintf("%d of %d bytes kept", bytes, int64(volume))
	}
	speed := func(d time.Duration) string { return fmt.Sprintf("%.2f GB/s", volume/d.Seconds()/1e9) }
	return []row{{
		"output of one unit, 100-byte lines in 64 KiB writes (" + kept + "; supervisor CPU " + ms(used) + ")",
		speed(best[1]), speed(best[0]) + " (`producer | cat > file`)", fmt.Sprintf("%.2f", best[0].Seconds()/best[1].Seconds()), "≥ 0.85",
	}}, nil
}

// producerSource writes volume bytes of lines in 64 KiB writes.
const producerSource = `package main

import (
	"bytes"
	"os"
)

func main() {
	block := bytes.Repeat(append(bytes.Repeat([]byte("x"), 99), '\n'), 656)[:64<<10]
	for left := %d; left > 0; left -= len(block) {
		if _, err := os.Stdout.Write(block); err != nil {
			os.Exit(1)
		}
	}
}
`

func (b *bench) producer() (string, error) {
	source := filepath.Join(b.dir, "producer.go")
	program := filepath.Join(b.dir, "producer")
	if err := os.WriteFile(source, fmt.Appendf(nil, producerSource, volume), 0o600); err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return program, nil
}

// intoCat is the floor.
func (b *bench) intoCat(writer string) (time.Duration, error) {
	path := filepath.Join(b.dir, "cat.out")
	defer os.Remove(path)
	began := time.Now()
	err := exec.Command("sh", "-c", writer+" | cat > "+path).Run()
	return time.Since(began), err
}

// intoUnit runs the producer as a one-shot and waits until it has completed
// and its output is in the file.
func (b *bench) intoUnit(writer string) (took, used time.Duration, kept int64, err error) {
	s, err := b.system(fmt.Sprintf("version: 1\nservices:\n  p: {type: oneshot, exec: [%s], logs: {max_bytes: 4G, max_files: 2}}\n", writer))
	if err != nil {
		return 0, 0, 0, err
	}
	if _, err := s.do("start", "-d", "--name", "first", "--", "sleep", "100000"); err != nil {
		return 0, 0, 0, err
	}
	defer s.stop()
	pid, err := s.supervisor()
	if err != nil {
		return 0, 0, 0, err
	}
	before, err := cpu(pid)
	if err != nil {
		return 0, 0, 0, err
	}
	began := time.Now()
	if _, err := s.do("start", "-d"); err != nil {
		return 0, 0, 0, err
	}
	took = time.Since(began)
	after, err := cpu(pid)
	if err != nil {
		return 0, 0, 0, err
	}
	out, err := s.command("logs", "p", "--path").Output()
	if err != nil {
		return 0, 0, 0, err
	}
	path := strings.TrimSpace(string(out))
	kept, err = size(path)
	return took, after - before, kept, errors.Join(err, os.RemoveAll(filepath.Dir(path)))
}

func size(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.Seek(0, io.SeekEnd)
}
