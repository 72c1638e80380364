package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"systemg/cmd/sysg/internal/cli"
	"systemg/cmd/sysg/internal/early"
	"systemg/supervisor/guardian"
	"systemg/supervisor/proc"
)

func TestMain(m *testing.M) {
	early.Restore()
	proc.Stage()
	guardian.Main()
	if visit() {
		return
	}
	// Most of a test here is waiting for other processes.
	_ = flag.Set("test.parallel", "4")
	testscript.Main(tidy{m}, map[string]func(){"sysg": main})
}

// built has the sysg that tests of the whole program run; see build.
var built struct{ dir string }

// tidy removes what several tests share.
type tidy struct{ *testing.M }

// Run runs the tests.
func (t tidy) Run() int {
	defer func() { _ = os.RemoveAll(built.dir) }()
	return t.M.Run()
}

// The scripts in testdata are the command line's manual: each begins in an
// empty folder with a home of its own, and stops what it started.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: ownHome})
}

// ownHome gives a script a home of its own, and stops what it started.
func ownHome(env *testscript.Env) error {
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("SYSG_TEST_REQUIRE", os.Getenv("SYSG_TEST_REQUIRE"))
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	env.Defer(func() {
		defer null.Close()
		around := cli.System()
		around.Environ = env.Vars
		around.Stdout, around.Stderr = null, null
		// A script that stopped everything leaves nothing to stop.
		if status := cli.Main([]string{"stop", "--kill"}, around); status != 0 {
			panic(fmt.Sprintf("cannot stop what a script has started in %s: exit status %d", env.WorkDir, status))
		}
	})
	return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o700)
}
