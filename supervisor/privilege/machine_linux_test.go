package privilege_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// machineTime bounds the life of the machine: it boots and reports in 10 s on an
// idle core.
const machineTime = 4 * time.Minute

// What needs controllers of cgroup v2, all of root's capabilities, or somebody
// who delegates a cgroup is tried in a machine of its own: QEMU's emulation with
// the kernel of Debian's cloud images, this package's tests as its /init and a
// static sysg, without Landlock and with AppArmor. Each thing it reports is a test.
func TestInAMachineOfItsOwn(t *testing.T) {
	if os.Getenv("SYSG_TEST_REQUIRE") != "all" {
		t.Skip("a machine that is emulated computes for 20 s; SYSG_TEST_REQUIRE=all tries it")
	}
	kernels, _ := filepath.Glob("/boot/vmlinuz-*-cloud-amd64")
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil || len(kernels) == 0 {
		const why = "there is no qemu-system-x86_64 with a kernel in /boot/vmlinuz-*-cloud-amd64 (Debian: qemu-system-x86, linux-image-cloud-amd64)"
		t.Fatal(why)
	}
	dir := t.TempDir()
	build(t, filepath.Join(dir, "init"), "test", "-c", ".")
	build(t, filepath.Join(dir, "sysg"), "build", "../../cmd/sysg")
	image := filepath.Join(dir, "initramfs")
	if err := os.WriteFile(image, archive(t, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), machineTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "384", "-smp", "1", "-nodefaults", "-no-user-config",
		"-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", kernels[len(kernels)-1], "-initrd", image, "-append", "console=ttyS0 quiet panic=-1 lsm=apparmor")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tell(t, out)
}

// build builds a static program.
func build(t *testing.T, to string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", append(args[:len(args)-1:len(args)-1], "-ldflags=-s -w", "-o", to, args[len(args)-1])...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// archive is the machine's file system, in the "newc" format of cpio
// (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
func archive(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	inode := 0
	add := func(name string, mode uint32, data []byte) {
		inode++
		pad := func() {
			for b.Len()%4 != 0 {
				b.WriteByte(0)
			}
		}
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
			inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
		b.WriteString(name)
		b.WriteByte(0)
		pad()
		b.Write(data)
		pad()
	}
	for _, d := range []string{"bin", "dev", "proc", "sys", "tmp", "etc", "run", "var", "root", "home"} {
		add(d, 0o040755, nil)
	}
	for name, from := range map[string]string{"init": "init", "bin/sysg": "sysg"} {
		data, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			t.Fatal(err)
		}
		add(name, 0o100755, data)
	}
	add("etc/passwd", 0o100644, []byte("root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/home:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"))
	add("etc/group", 0o100644, []byte("root:x:0:\nme:x:1000:\nnogroup:x:65534:\n"))
	add("TRAILER!!!", 0, nil)
	return b.Bytes()
}

// tell makes a test of every line the machine wrote about one.
func tell(t *testing.T, out []byte) {
	ended := false
	in := bufio.NewScanner(bytes.NewReader(out))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		name, text, _ := strings.Cut(strings.TrimPrefix(line, "== "), ": ")
		switch {
		case line == "== end":
			ended = true
		case strings.HasPrefix(line, "== "):
			t.Run(name, func(t *testing.T) {
				if text != "ok" {
					t.Error(text)
				}
			})
		}
	}
	if !ended || t.Failed() {
		t.Errorf("the machine wrote:\n%s", out)
	}
}
