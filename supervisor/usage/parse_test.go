package usage

import (
	"reflect"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	tail := " S 41 42 42 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 1 0 5150 1000000 77 18446744073709551615 1 1\n"
	full := member{pid: 42, ppid: 41, start: 5150, self: 33, kids: 77, pages: 77, state: 'S'}
	tests := []struct {
		name, text, comm string
		want             member
		ok               bool
	}{
		{name: "plain", text: "42 (sleep)" + tail, comm: "sleep", want: full, ok: true},
		{name: "a name like a trap", text: "42 (a) R 1 (b)" + tail, comm: "a) R 1 (b", want: full, ok: true},
		{name: "a name with a newline", text: "42 (a\nb)" + tail, comm: "a\nb", want: full, ok: true},
		{name: "no name", text: "42 ()" + tail, comm: "", want: full, ok: true},
		{name: "empty", text: ""},
		{name: "cut", text: "42 (sleep) S 41 42"},
		{name: "no parentheses", text: "42 sleep S 41"},
		{name: "reversed", text: "42 )sleep( S"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, comm, ok := parseStat([]byte(test.text))
			if ok != test.ok || ok && (got != test.want || string(comm) != test.comm) {
				t.Errorf("got %+v %q %v, want %+v %q %v", got, comm, ok, test.want, test.comm, test.ok)
			}
		})
	}
}

func TestParseStatOfNegativeNumbers(t *testing.T) {
	// Children's times are signed, and were negative in old kernels.
	got, _, ok := parseStat([]byte("42 (a) S 41 42 42 0 -1 0 0 0 0 0 11 22 -33 -44 20 0 1 0 5150 0 77 0"))
	if !ok || got.kids != 0 || got.self != 33 {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func TestParseCPUStat(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"usage_usec 1500\nuser_usec 1000\n", 1500 * time.Microsecond, true},
		{"nr_periods 0\nusage_usec 7\n", 7 * time.Microsecond, true},
		{"user_usec 1\n", 0, false},
		{"usage_usec x\n", 0, false},
		{"", 0, false},
	}
	for _, test := range tests {
		if got, ok := parseCPUStat([]byte(test.text)); got != test.want || ok != test.ok {
			t.Errorf("%q: %v %v", test.text, got, ok)
		}
	}
}

func TestCommandLine(t *testing.T) {
	tests := []struct{ text, name, want string }{
		{"sh\x00-c\x00sleep 1\x00", "sh", "sh -c sleep 1"},
		{"", "kworker/0:1", "[kworker/0:1]"},
		{"\x00\x00", "x", "[x]"},
	}
	for _, test := range tests {
		if got := commandLine([]byte(test.text), []byte(test.name)); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestParseLimits(t *testing.T) {
	text := `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max nice priority         0                    0                    
Max open files            1024                 1048576              files     
`
	want := []Limit{
		{Name: "Max cpu time", Soft: "unlimited", Hard: "unlimited", Unit: "seconds"},
		{Name: "Max nice priority", Soft: "0", Hard: "0"},
		{Name: "Max open files", Soft: "1024", Hard: "1048576", Unit: "files"},
	}
	if got := parseLimits([]byte(text)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := parseLimits([]byte("nonsense\nx\n")); got != nil {
		t.Errorf("of nonsense: %+v", got)
	}
}

func TestTree(t *testing.T) {
	p := func(pid, ppid int32, start uint64) member { return member{pid: pid, ppid: ppid, start: start} }
	tests := []struct {
		name   string
		in     []member
		pids   []int32
		depths []int
	}{
		{name: "nothing"},
		{
			name:   "parents first, older first",
			in:     []member{p(9, 5, 40), p(7, 6, 30), p(6, 5, 20), p(5, 1, 10), p(8, 5, 35)},
			pids:   []int32{5, 6, 7, 8, 9},
			depths: []int{0, 1, 2, 1, 1},
		},
		{
			name:   "an orphan of the tree",
			in:     []member{p(5, 1, 10), p(6, 5, 20), p(4, 1, 30)},
			pids:   []int32{5, 6, 4},
			depths: []int{0, 1, 0},
		},
		{
			name:   "a circle",
			in:     []member{p(5, 6, 10), p(6, 5, 20)},
			pids:   []int32{5, 6},
			depths: []int{0, 1},
		},
		{
			name:   "its own parent",
			in:     []member{p(5, 5, 10)},
			pids:   []int32{5},
			depths: []int{0},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ordered, depths := tree(test.in)
			var pids []int32
			for _, m := range ordered {
				pids = append(pids, m.pid)
			}
			if !reflect.DeepEqual(pids, test.pids) || !reflect.DeepEqual(depths, test.depths) {
				t.Errorf("got %v at %v, want %v at %v", pids, depths, test.pids, test.depths)
			}
		})
	}
}
