package privilege

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/privilege/stage"
)

// Try starts this program with privileges, as a process that ends at once, and
// says why that is not possible. It is for programs without a proc.Host.
// whose main calls stage.Main and Idle.
func Try(f Facts) func(*config.Privileges) error {
	return func(p *config.Privileges) error {
		done := make(chan error)
		go func() {
			// The thread ends with the goroutine, so that whatever becomes
			// of it does not matter.
			runtime.LockOSThread()
			done <- try(p, f)
		}()
		return <-done
	}
}

func try(p *config.Privileges, f Facts) error {
	plan, err := Of(p, f)
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	fd := int(null.Fd())
	pid, err := stage.Fork(stage.Child{
		Path: "/proc/self/exe", Argv: []string{"sysg", "version"}, Dir: "/", Files: []int{fd, fd, fd}, Cgroup: -1,
		Reaper: plan.Reaper, Orders: *plan.Orders,
	})
	if err != nil {
		var step *stage.StepError
		if errors.As(err, &step) {
			return fmt.Errorf("%s: %w%s", step.Step, step.Errno, namespaceHint(step))
		}
		return err
	}
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); !errors.Is(err, unix.EINTR) {
			return nil
		}
	}
}

// namespaceHint says who forbids namespaces to a user.
func namespaceHint(step *stage.StepError) string {
	if !step.Clone || os.Geteuid() == 0 {
		return ""
	}
	return " (look at kernel.unprivileged_userns_clone, user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns)"
}
