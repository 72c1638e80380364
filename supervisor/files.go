package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
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
type Files struct {
	Mover *logs.Mover
	Paths store.Paths

	mu    sync.Mutex
	units map[string]*streams
}

// streams are one unit's.
type streams struct {
	mu  sync.Mutex
	all map[string]*logs.Stream
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
func (f *Files) Open(def *config.Unit, run uint64, mark bool) (stdout, stderr *os.File, err error) {
	s := f.of(def.ID())
	s.mu.Lock()
	defer s.mu.Unlock()
	files := make([]*os.File, 0, len(Kinds))
	for _, kind := range Kinds {
		file, err := f.open(s, def, kind, run, mark)
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

func (f *Files) open(s *streams, def *config.Unit, kind string, run uint64, mark bool) (*os.File, error) {
	stream, ok := s.all[kind]
	if !ok {
		c := f.config(def, kind)
		if !mark {
			c.Run = run
		}
		opened, err := f.Mover.Open(c)
		if err != nil {
			return nil, fmt.Errorf("cannot open its %s: %w", kind, err)
		}
		stream = opened
		s.all[kind] = stream
	}
	if mark {
		if err := stream.Mark(run); err != nil {
			return nil, fmt.Errorf("cannot mark run %d in its %s: %w", run, kind, err)
		}
	}
	return stream.Input()
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
	var errs []error
	for _, kind := range Kinds {
		stream, ok := s.all[kind]
		if !ok {
			errs = append(errs, logs.Delete(f.Paths.Log(def.Project, def.Name, kind)), removed(f.Paths.FIFO(def.Project, def.Name, kind)))
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
	stream, ok := s.all[kind]
	return stream, ok
}

// Tail is the last lines of a unit's present run: of stderr, and where it
// wrote nothing there, of stdout.
func (f *Files) Tail(id string, n int) []string {
	for _, kind := range []string{"stderr", "stdout"} {
		stream, ok := f.Stream(id, kind)
		if !ok {
			continue
		}
		if err := stream.Drain(); err != nil {
			continue
		}
		if lines := stream.Tail(n); len(lines) > 0 {
			return lines
		}
	}
	return nil
}
