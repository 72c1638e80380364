package guardian

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// image is all that a guardian knows, as it is passed on when the process
// executes another program: by the guardian itself after an upgrade, and by a
// supervisor that becomes one. Descriptors stay open over that.
type image struct {
	// Args are what a supervisor is started with.
	Args []string `json:"args"`
	// Log is the supervisor's log, Note where trouble is told to those who
	// find no supervisor. Both are absolute.
	Log  string `json:"log"`
	Note string `json:"note"`

	// Program is the file to execute as the supervisor, -1 for this one's.
	Program int `json:"program"`
	// Child is the supervisor, 0 for none; Channel leads to it, -1 for none.
	Child   int `json:"child"`
	Channel int `json:"channel"`
	Starts  int `json:"starts"`

	Held  map[string]int `json:"held,omitempty"`
	Pipes map[string]int `json:"pipes,omitempty"`
	// Exits are those that were not acknowledged, Seq is the last number.
	Exits []Exit `json:"exits,omitempty"`
	Seq   uint64 `json:"seq"`
	// Told is the last number that the present supervisor was told.
	Told uint64 `json:"told"`

	Life    life    `json:"life"`
	Crashes Crashes `json:"crashes"`
	Before  string  `json:"before,omitempty"`
	// Attached is what a system's first process shows, nil for others, and
	// Shown the pid of the command that does, 0 for none.
	Attached *Attached `json:"attached,omitempty"`
	Shown    int       `json:"shown,omitempty"`
	// ShownTo is when the last supervisor ended, zero while there was only
	// one: nothing is stamped between two of them.
	ShownTo time.Time `json:"shown_to,omitzero"`
}

// Attached are the commands of this program, without its name, that a guardian
// runs which is a system's first process: Start shows the system and ends with
// it, Reload is run for SIGHUP, Status for SIGUSR1.
type Attached struct {
	Start  []string `json:"start"`
	Reload []string `json:"reload"`
	Status []string `json:"status"`
}

// files are the descriptors that an image names.
func (m *image) files() []int {
	var list []int
	for _, fd := range []int{m.Program, m.Channel} {
		if fd >= 0 {
			list = append(list, fd)
		}
	}
	for _, fds := range []map[string]int{m.Held, m.Pipes} {
		for _, fd := range fds {
			list = append(list, fd)
		}
	}
	return list
}

// Order is how a guardian is started.
type Order struct {
	// Supervisor are the supervisor's arguments, after the program's name.
	Supervisor []string
	// Log is the supervisor's log, Note where trouble is told.
	Log, Note string
	// Attached makes it the first process of a system; nil for others.
	Attached *Attached
}

// LostStatus is the exit status of Attached.Start where its supervisor has ended
// and the system has not.
const LostStatus = 75

// attachedWord is the argument before Attached, as JSON.
const attachedWord = "--init"

// GuardedFlag is the flag by which a supervisor knows that a guardian has
// started it; its arguments have it.
const GuardedFlag = "--guarded"

// Args are the arguments of a guardian, after the program's name.
func (o Order) Args() []string {
	args := []string{word, o.Log, o.Note}
	if o.Attached != nil {
		// Lists of texts can be written.
		data, _ := json.Marshal(o.Attached)
		args = append(args, attachedWord, string(data))
	}
	return append(append(args, o.Supervisor...), GuardedFlag)
}

// orderOf reads Args, after the word.
func orderOf(args []string) (Order, error) {
	if len(args) < 3 {
		return Order{}, errors.New("it is for sysg itself alone")
	}
	o := Order{Log: args[0], Note: args[1], Supervisor: slices.Clone(args[2:])}
	if o.Supervisor[0] != attachedWord {
		return o, nil
	}
	if len(o.Supervisor) < 3 {
		return Order{}, errors.New("it is for sysg itself alone")
	}
	err := json.Unmarshal([]byte(o.Supervisor[1]), &o.Attached)
	o.Supervisor = o.Supervisor[2:]
	return o, err
}

// resumeWord is the second argument of a guardian that goes on from an image.
const resumeWord = "--resume"

// resumed is the descriptor of the image, where the arguments name one.
func resumed(args []string) (int, bool, error) {
	if len(args) < 1 || args[0] != resumeWord {
		return 0, false, nil
	}
	if len(args) != 2 {
		return 0, false, errors.New("it is for sysg itself alone")
	}
	fd, err := strconv.Atoi(args[1])
	if err != nil || fd < 3 {
		return 0, false, fmt.Errorf("%q is no descriptor", args[1])
	}
	return fd, true, nil
}
