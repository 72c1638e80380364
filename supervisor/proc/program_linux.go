package proc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// DropProgram gives back the pages of the program's own file that this process
// has mapped. Most of them were needed once, at the start or for a request; the
// others come back from the page cache as they are touched, 64 KiB for some
// microseconds. Only mappings of which this process has no copy of its own are
// dropped, so nothing can be lost: their pages are the file's.
func DropProgram() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	for _, m := range pristine(f, self) {
		// Advice may be refused; then the pages stay.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, unix.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ from, to uintptr }

// pristine are the mappings of a file that cannot be written to and of which no
// page was copied (proc(5), smaps: the field Anonymous is 0).
func pristine(smaps io.Reader, file string) []mapping {
	var list []mapping
	var m mapping
	ours := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 5 && strings.Contains(fields[0], "-") {
			_, err := fmt.Sscanf(fields[0], "%x-%x", &m.from, &m.to)
			perms := fields[1]
			ours = err == nil && len(fields) == 6 && fields[5] == file && perms[0] == 'r' && perms[1] == '-' && perms[3] == 'p'
			continue
		}
		if ours && len(fields) >= 2 && fields[0] == "Anonymous:" && fields[1] == "0" {
			list = append(list, m)
		}
	}
	return list
}
