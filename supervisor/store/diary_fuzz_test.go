package store

import (
	"os"
	"testing"
)

// Whatever is in a diary, reading it ends, and what it tells can be put
// together with a state: the units that come of it have each their name once.
func FuzzDiary(f *testing.F) {
	f.Add([]byte(`{"boot":"b"}` + "\n" + `{"n":1,"id":"p","project":{}}` + "\n" + `{"n":2,"unit":{"project":"p","name":"n"}}` + "\n" + `{"n":3,"gone":"p/n"}` + "\n"))
	f.Add([]byte(`{"boot":"b"}` + "\n" + `{"ended":{"tree":"p/n","pid":1}}` + "\n" + `{"beside":{"tree":"p/n:pre_start","run":1}}` + "\n" + `{"over":"p/n:pre_start#1"}` + "\n"))
	f.Add([]byte(`{"boot":"b"}` + "\n" + `{"n":`))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(diaryName(dir, 1), data, 0o600); err != nil {
			t.Fatal(err)
		}
		entries, _ := ReadDiary(dir, "b", 0)
		s, _, _ := Replay(State{}, entries)
		seen := map[string]bool{}
		for _, u := range s.Units {
			id := u.Project + "/" + u.Name
			if seen[id] {
				t.Errorf("%q is there twice", id)
			}
			seen[id] = true
		}
	})
}
