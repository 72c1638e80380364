package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
)

// ReadDiary gives the entries from the file before that number on, oldest
// first. Lines that cannot be read are left out; the error says so, and goes
// with what could be read. A last line that breaks off is no such line: its writer
// was killed before it did what it was about to write down.
func ReadDiary(dir, boot string, number uint64) ([]Entry, error) {
	var list []Entry
	var damage error
	for _, n := range diaryFiles(dir) {
		if n+1 < number {
			continue
		}
		entries, err := readDiaryFile(diaryName(dir, n), boot)
		if err != nil {
			damage = errors.Join(damage, failed("read the diary", diaryName(dir, n), err))
		}
		list = append(list, entries...)
	}
	return list, damage
}

func readDiaryFile(path, boot string) ([]Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	line, err := r.ReadBytes('\n')
	var head diaryHead
	if err != nil || json.Unmarshal(line, &head) != nil {
		return nil, errors.New("it has no beginning")
	}
	if head.Boot != boot {
		return nil, nil
	}
	var list []Entry
	lost := 0
	for {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return list, err
		}
		var e Entry
		switch {
		case len(line) == 0:
		case err == nil && json.Unmarshal(line, &e) == nil:
			list = append(list, e)
		case err != nil && breaksOff(line):
		default:
			lost++
		}
		if err == nil {
			continue
		}
		if lost > 0 {
			return list, fmt.Errorf("%d lines make no sense", lost)
		}
		return list, nil
	}
}

// breaksOff is whether a line is the beginning of an entry, or lacks nothing but
// its newline.
func breaksOff(line []byte) bool {
	var e Entry
	err := json.NewDecoder(bytes.NewReader(line)).Decode(&e)
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// Replay is the state after what the entries tell, and what else they tell: the
// ends of processes, and the commands that may still run. It changes nothing
// that s refers to.
func Replay(s State, entries []Entry) (State, []Ended, []Command) {
	s.Units, s.Operations = slices.Clone(s.Units), slices.Clone(s.Operations)
	projects := make(map[string]Project, len(s.Projects))
	for id, p := range s.Projects {
		projects[id] = p
	}
	s.Projects = projects
	at := make(map[string]int, len(s.Units))
	for i, u := range s.Units {
		at[u.Project+"/"+u.Name] = i
	}
	var ended []Ended
	var running []Command
	for _, e := range entries {
		switch {
		case e.Ended != nil:
			ended = append(ended, *e.Ended)
		case e.Beside != nil:
			running = append(running, *e.Beside)
		case e.Over != "":
			running = slices.DeleteFunc(running, func(c Command) bool { return c.name() == e.Over })
		case e.Change <= s.Change:
		case e.Unit != nil:
			s.put(*e.Unit, at)
		case e.Operation != nil:
			s.note(*e.Operation)
		case e.Gone != "":
			s.remove(e.Gone, at)
		case e.Project != nil:
			s.Projects[e.ID] = *e.Project
		case e.ID != "":
			delete(s.Projects, e.ID)
		}
	}
	for _, e := range entries {
		s.Change = max(s.Change, e.Change)
	}
	return s, ended, running
}

// name names the command's tree in Entry.Over.
func (c Command) name() string { return CommandName(c.Tree, c.Run) }

// CommandName names a tree in one word.
func CommandName(tree string, run uint64) string { return tree + "#" + strconv.FormatUint(run, 10) }

// put makes a unit what it is from now on.
func (s *State) put(u UnitState, at map[string]int) {
	id := u.Project + "/" + u.Name
	i, known := at[id]
	if !known {
		at[id] = len(s.Units)
		s.Units = append(s.Units, u)
		return
	}
	if u.Definition == nil {
		u.Definition, u.Good = s.Units[i].Definition, s.Units[i].Good
	}
	s.Units[i] = u
}

func (s *State) remove(id string, at map[string]int) {
	i, known := at[id]
	if !known {
		return
	}
	s.Units = slices.Delete(s.Units, i, i+1)
	delete(at, id)
	for other, n := range at {
		if n > i {
			at[other] = n - 1
		}
	}
}
