package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"systemg/config"
	"systemg/supervisor/logs"
	"systemg/supervisor/store"
)

// Kinds are the streams of a unit.
var Kinds = []string{"stdout", "stderr"}

// Files gives runs their outputs: one log stream per unit and kind, opened
// at the unit's first run and kept until the unit is forgotten. Its lock is
// held only to look a unit up, and by each unit on its own.
//
// What an earlier supervisor's runs write is in their pipes until Resume: a
// supervisor answers first. A unit that is asked for before that is resumed
// then, so nothing of a later run comes before what an earlier one wrote.
type Files struct {
	Mover *logs.Mover
	Paths store.Paths
	// Failed is told where the outputs of adopted runs cannot be taken back.
	Failed func(unit string, err error)

	mu    sync.Mutex
	units map[string]*streams
	left  leftovers
}

// streams are one unit's.
type streams struct {
	mu  sync.Mutex
	all map[string]*logs.Stream
	// due takes back the outputs of adopted runs, nil where that is done.
	due func()
}

// resume does what is due; mu is held.
func (s *streams) resume() {
	if s.due != nil {
		s.due()
		s.due = nil
	}
}

// NewFiles gives outputs below the paths, moved by the mover.
func NewFiles(m *logs.Mover, p store.Paths) *Files {
	return &Files{Mover: m, Paths: p, units: map[string]*streams{}}
}

func (f *Files) of(id string) *streams {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.units[id]
	if !ok {
		s = &streams{all: map[string]*logs.Stream{}}
		f.units[id] = s
	}
	return s
}

// Open is Outputs.
func (f *Files) Open(def *config.Unit, run uint64, how Opening) (stdout, stderr *os.File, err error) {
	s := f.of(def.ID())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
	files := make([]*os.File, 0, len(Kinds))
	for _, kind := range Kinds {
		file, err := f.open(s, def, kind, run, how)
		if err != nil {
			for _, opened := range files {
				err = errors.Join(err, opened.Close())
			}
			return nil, nil, err
		}
		files = append(files, file)
	}
	return files[0], files[1], nil
}

func (f *Files) open(s *streams, def *config.Unit, kind string, run uint64, how Opening) (*os.File, error) {
	first := uint64(0)
	if how == Onward {
		// Nobody else has written since this supervisor is.
		first = run
	}
	stream, err := f.stream(s, def, kind, first)
	if err != nil {
		return nil, err
	}
	if how == Anew {
		if err := stream.Mark(run); err != nil {
			return nil, fmt.Errorf("cannot mark run %d in its %s: %w", run, kind, err)
		}
	}
	if how == Anew || run == 0 {
		return stream.Input()
	}
	return stream.InputOf(run)
}

// stream is the unit's, opened where it is not yet; first is the run whose
// bytes are in its first pipe then.
func (f *Files) stream(s *streams, def *config.Unit, kind string, first uint64) (*logs.Stream, error) {
	if stream, ok := s.all[kind]; ok {
		return stream, nil
	}
	c := f.config(def, kind)
	c.Run = first
	opened, err := f.Mover.Open(c)
	if err != nil {
		return nil, fmt.Errorf("cannot open its %s: %w", kind, err)
	}
	s.all[kind] = opened
	return opened, nil
}

// Attach is Outputs.
func (f *Files) Attach(def *config.Unit, runs []uint64) {
	s := f.of(def.ID())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = func() {
		if err := f.attach(s, def, runs); err != nil && f.Failed != nil {
			f.Failed(def.ID(), err)
		}
	}
}

// Resume takes back the outputs that were attached.
func (f *Files) Resume() {
	f.mu.Lock()
	units := maps.Clone(f.units)
	f.mu.Unlock()
	for _, s := range units {
		s.mu.Lock()
		s.resume()
		s.mu.Unlock()
	}
}

func (f *Files) attach(s *streams, def *config.Unit, runs []uint64) error {
	var errs []error
	for _, kind := range Kinds {
		fifo := f.Paths.FIFO(def.Project, def.Name, kind)
		beside := f.left.of(fifo)
		if _, err := os.Lstat(fifo); err != nil && len(beside) == 0 {
			// Nobody can have written to it.
			continue
		}
		first := firstPipe(runs, beside)
		stream, err := f.stream(s, def, kind, first)
		if err == nil {
			err = stream.Attach(first, beside)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// firstPipe is which of the runs writes to the first pipe: the one that has
// none of its own.
func firstPipe(runs, beside []uint64) uint64 {
	for _, run := range runs {
		if !slices.Contains(beside, run) {
			return run
		}
	}
	if len(runs) > 0 {
		return runs[0]
	}
	return 0
}

func (f *Files) config(def *config.Unit, kind string) logs.StreamConfig {
	return logs.StreamConfig{
		Path:     f.Paths.Log(def.Project, def.Name, kind),
		FIFO:     f.Paths.FIFO(def.Project, def.Name, kind),
		Discard:  def.Logs.Sink == "none",
		MaxBytes: def.Logs.MaxBytes,
		MaxFiles: def.Logs.MaxFiles,
	}
}

// Configure is Outputs.
func (f *Files) Configure(def *config.Unit) error {
	s := f.of(def.ID())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
	var errs []error
	for kind, stream := range s.all {
		errs = append(errs, stream.Configure(f.config(def, kind)))
	}
	return errors.Join(errs...)
}

// Remove is Outputs.
func (f *Files) Remove(def *config.Unit) error {
	s := f.of(def.ID())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
	var errs []error
	for _, kind := range Kinds {
		stream, ok := s.all[kind]
		if !ok {
			fifo := f.Paths.FIFO(def.Project, def.Name, kind)
			errs = append(errs, logs.Delete(f.Paths.Log(def.Project, def.Name, kind)), removed(fifo))
			for _, run := range f.left.of(fifo) {
				errs = append(errs, removed(logs.PipeOf(fifo, run)))
			}
			continue
		}
		errs = append(errs, stream.Remove())
		delete(s.all, kind)
	}
	f.mu.Lock()
	delete(f.units, def.ID())
	f.mu.Unlock()
	// The project's folder goes with its last unit; until then this fails.
	_ = os.Remove(f.Paths.ProjectLogs(def.Project))
	return errors.Join(errs...)
}

// removed removes a file that may not be there.
func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Stream is a unit's stream, if it was opened.
func (f *Files) Stream(id, kind string) (*logs.Stream, bool) {
	s := f.of(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
	stream, ok := s.all[kind]
	return stream, ok
}

// Tail is the last lines of a unit's run: of stderr, and where it wrote nothing
// there, of stdout.
func (f *Files) Tail(def *config.Unit, run uint64, n int) []string {
	for _, kind := range []string{"stderr", "stdout"} {
		if stream, ok := f.Stream(def.ID(), kind); ok && stream.Drain() != nil {
			continue
		}
		if lines := logs.Tail(f.Paths.Log(def.Project, def.Name, kind), run, n); len(lines) > 0 {
			return lines
		}
	}
	return nil
}

// leftovers are the pipes of runs of their own that an earlier supervisor left,
// read once for each folder: what this one makes its streams know.
type leftovers struct {
	mu      sync.Mutex
	folders map[string]map[string][]uint64
}

// of are the runs that had pipes beside the first one.
func (l *leftovers) of(fifo string) []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	dir := filepath.Dir(fifo)
	found, ok := l.folders[dir]
	if !ok {
		if l.folders == nil {
			l.folders = map[string]map[string][]uint64{}
		}
		found = pipesIn(dir)
		l.folders[dir] = found
	}
	return found[filepath.Base(fifo)]
}

// pipesIn are the pipes in a folder that carry a run's number, by the name
// before it. A folder that cannot be read has none.
func pipesIn(dir string) map[string][]uint64 {
	entries, _ := os.ReadDir(dir)
	found := map[string][]uint64{}
	for _, e := range entries {
		at := strings.LastIndexByte(e.Name(), '.')
		if at < 0 {
			continue
		}
		if run, err := strconv.ParseUint(e.Name()[at+1:], 10, 64); err == nil {
			found[e.Name()[:at]] = append(found[e.Name()[:at]], run)
		}
	}
	return found
}
