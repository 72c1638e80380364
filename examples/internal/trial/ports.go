package trial

import (
	"fmt"
	"net"
	"testing"
)

// freePorts asks the kernel; all are held until all are known, so they differ.
func freePorts(t testing.TB, names []string) []string {
	t.Helper()
	var list []string
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s=%s", name, port))
	}
	return list
}
