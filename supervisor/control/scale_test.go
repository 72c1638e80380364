package control

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"systemg/ipc"
)

func TestThousand(t *testing.T) {
	s := begin(t)
	var b strings.Builder
	b.WriteString("version: \"1\"\nproject: demo\nservices:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  u%d:\n    exec: [sleep, \"1000\"]\n", i)
	}
	t0 := time.Now()
	var procs []*os.Process
	for range 1000 {
		p, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000"}, &os.ProcAttr{})
		if err != nil {
			t.Fatal(err)
		}
		procs = append(procs, p)
	}
	t.Logf("bare %s", time.Since(t0))
	for _, p := range procs {
		p.Kill()
		p.Wait()
	}
	m := s.manifest(b.String())
	t0 = time.Now()
	var r ipc.OperationResult
	s.call(ipc.MethodStart, ipc.StartParams{Manifest: m}, &r)
	t.Logf("1000 up %s, ok %v, first %+v", time.Since(t0), r.OK, r.Units[0])
	t0 = time.Now()
	s.call(ipc.MethodStop, ipc.StopParams{}, &r)
	t.Logf("stopped %s", time.Since(t0))
}
