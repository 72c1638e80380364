package main

import (
	"os"
	"testing"
)

// thorough is whether tests try everything: where all is required, and once is
// enough, so not with the race detector, which makes each of them take several
// times as long.
func thorough() bool { return os.Getenv("SYSG_TEST_REQUIRE") == "all" && !raced }

// long skips a test where nobody asked for everything.
func long(t *testing.T, takes string) {
	t.Helper()
	switch {
	case thorough():
	case raced:
		t.Skip("takes " + takes + "; it runs without the race detector")
	default:
		t.Skip("takes " + takes + "; SYSG_TEST_REQUIRE=all tries it")
	}
}
