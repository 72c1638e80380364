package proc

import (
	"slices"
	"strings"
	"testing"
)

// A mapping that can be written to, that this process has copied a page of, or
// that is another file's, is left alone.
func TestOnlyPristineMappingsAreDropped(t *testing.T) {
	const smaps = `00400000-00800000 r-xp 00000000 00:2a 7 /bin/sysg
Size:               4096 kB
Anonymous:             0 kB
00800000-00900000 r--p 00400000 00:2a 7 /bin/sysg
Anonymous:             8 kB
00900000-00a00000 rw-p 00500000 00:2a 7 /bin/sysg
Anonymous:             0 kB
00a00000-00b00000 r--p 00000000 00:2a 9 /lib/other
Anonymous:             0 kB
00b00000-00c00000 r--p 00000000 00:00 0
Anonymous:             0 kB
`
	got := pristine(strings.NewReader(smaps), "/bin/sysg")
	if want := []mapping{{from: 0x400000, to: 0x800000}}; !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// The program goes on after its own pages were dropped.
func TestProgramSurvivesTheLossOfItsPages(t *testing.T) {
	for range 3 {
		DropProgram()
	}
	if strings.Repeat("x", 3) != "xxx" {
		t.Error("it does not")
	}
}
