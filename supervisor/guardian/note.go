package guardian

import (
	"encoding/json"
	"os"
	"time"
)

// Note is what a guardian leaves for those who find no supervisor because it
// keeps crashing.
type Note struct {
	Guardian int     `json:"guardian"`
	Crashes  Crashes `json:"crashes"`
	// Next is when another supervisor is started.
	Next time.Time `json:"next"`
}

// ReadNote is the note at a path; false where there is none to be read, or its
// guardian has ended.
func ReadNote(path string) (Note, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Note{}, false
	}
	var n Note
	if json.Unmarshal(data, &n) != nil || n.Guardian <= 0 || !lives(n.Guardian) {
		return Note{}, false
	}
	return n, true
}

// write leaves the note; a disk that takes none costs nothing else.
func (n Note) write(path string) {
	data, err := json.Marshal(n)
	if err != nil || path == "" {
		return
	}
	next := path + ".new"
	if os.WriteFile(next, data, 0o600) == nil {
		_ = os.Rename(next, path)
	}
}
