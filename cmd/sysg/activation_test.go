package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// managerTime bounds the wait for what a service manager is told.
const managerTime = 30 * time.Second

// Where a service manager starts sysg with a socket, the unit that has one of
// that name gets it, in the foreground and in the background, also after the
// supervisor was killed; and the manager is told when everything is up, and who
// is to be looked after.
func TestBelowAServiceManager(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("the service is a Python program")
	}
	for _, flag := range []string{"-d", ""} {
		t.Run("start "+flag, func(t *testing.T) {
			dir := t.TempDir()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			sysg := filepath.Join(dir, "sysg")
			if err := os.Symlink(self, sysg); err != nil {
				t.Fatal(err)
			}
			const service = "import socket,os\ns=socket.socket(fileno=3)\nwhile True:\n c,_=s.accept()\n c.send(os.environ['LISTEN_FDNAMES'].encode()+b' ACTIVATED' * ('SYSG_ACTIVATED' in os.environ))\n c.close()\n"
			manifest := fmt.Sprintf("version: 1\nproject: demo\nservices:\n  web:\n    exec: [%q, -c, %q]\n    sockets: [{name: http, listen: \"unix:///no/such/folder\"}]\n", python, service)
			if err := os.WriteFile(filepath.Join(dir, "systemg.yaml"), []byte(manifest), 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			file, err := l.(*net.TCPListener).File()
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			notify := filepath.Join(dir, "notify")
			manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer manager.Close()
			env := append(os.Environ(), "HOME="+dir, "SYSG_STATE_DIR="+filepath.Join(dir, "state"))
			run := func(line string) *exec.Cmd {
				cmd := exec.Command("/bin/sh", "-c", line)
				cmd.Dir, cmd.Env = dir, env
				return cmd
			}
			// Only the process itself knows its number.
			start := run(strings.TrimSpace("LISTEN_PID=$$ exec ./sysg start " + flag))
			start.Env = append(env, "LISTEN_FDS=1", "LISTEN_FDNAMES=http", "NOTIFY_SOCKET="+notify)
			start.ExtraFiles = []*os.File{file}
			if err := start.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if out, err := run("./sysg stop").CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
				_ = start.Wait()
			}()
			text := make([]byte, 1000)
			if err := manager.SetReadDeadline(time.Now().Add(managerTime)); err != nil {
				t.Fatal(err)
			}
			n, err := manager.Read(text)
			if err != nil || !strings.Contains(string(text[:n]), "READY=1") || strings.Contains(string(text[:n]), "MAINPID=") != (flag == "-d") {
				t.Fatalf("the manager is told %q, %v", text[:n], err)
			}
			answers := func() {
				t.Helper()
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if err := c.SetReadDeadline(time.Now().Add(managerTime)); err != nil {
					t.Fatal(err)
				}
				n, err := c.Read(text)
				if err != nil || string(text[:n]) != "http" {
					t.Errorf("the service says %q, %v", text[:n], err)
				}
			}
			answers()
			if flag != "-d" {
				return
			}
			if out, err := run("kill -9 $(cat state/sysg.pid); ./sysg restart web -d").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			answers()
		})
	}
}
