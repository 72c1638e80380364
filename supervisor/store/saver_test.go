package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// disk is a state file in memory that can be slow or full.
type disk struct {
	slow time.Duration

	mu  sync.Mutex
	err error
	// boots are the boot ids that were written, in order.
	boots []string
	began []time.Time
}

func (d *disk) write(fill func(io.Writer)) error {
	d.mu.Lock()
	d.began = append(d.began, time.Now())
	d.mu.Unlock()
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	var b bytes.Buffer
	fill(&b)
	var s State
	if err := json.Unmarshal(b.Bytes(), &s); err != nil {
		return err
	}
	d.boots = append(d.boots, s.BootID)
	return nil
}

func (d *disk) heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = nil
}

func (d *disk) attempts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.began)
}

func boot(id string) State { return State{BootID: id} }

func TestSaverWritesTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		s := newSaver(d.write, nil)
		defer s.Close()
		s.Save(boot("first"))
		synctest.Wait()
		// All of these arrive within the pause after the first write.
		for _, id := range []string{"a", "b", "c"} {
			s.Save(boot(id))
		}
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"first", "c"}; !reflect.DeepEqual(d.boots, want) {
			t.Errorf("wrote %q, want %q", d.boots, want)
		}
		if pause := d.began[1].Sub(d.began[0]); pause != savePause {
			t.Errorf("paused %v, want %v", pause, savePause)
		}
	})
}

func TestSaverSkipsWhatIsOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		s := newSaver(d.write, nil)
		defer s.Close()
		for _, id := range []string{"same", "same", "other", "same"} {
			s.Save(boot(id))
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if want := []string{"same", "other", "same"}; !reflect.DeepEqual(d.boots, want) {
			t.Errorf("wrote %q, want %q", d.boots, want)
		}
	})
}

// A disk that takes long is given a tenth of the time, and Save never waits
// for it.
func TestSaverOnASlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{slow: 100 * time.Millisecond}
		s := newSaver(d.write, nil)
		began := time.Now()
		for range 3 {
			s.Save(boot(time.Now().String()))
			synctest.Wait() // the write is under way
			s.Save(boot(time.Now().String() + " later"))
			if time.Since(began) != 0 {
				t.Fatalf("Save waited %v", time.Since(began))
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got := len(d.boots); got != 2 {
			t.Errorf("%d writes, want the first and the newest", got)
		}

		d = &disk{slow: 100 * time.Millisecond}
		s = newSaver(d.write, nil)
		defer s.Close()
		s.Save(boot("a"))
		synctest.Wait()
		s.Save(boot("b"))
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if gap := d.began[1].Sub(d.began[0]); gap != time.Second {
			t.Errorf("second write after %v, want after 100ms of writing and 900ms of rest", gap)
		}
	})
}

func TestSaverTellsAndHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		d := &disk{err: &Error{Op: "write", Path: "/s/state.json", Err: syscall.ENOSPC}}
		s := newSaver(d.write, func(text string) { said = append(said, text) })
		defer s.Close()
		s.Save(boot("a"))
		if err := s.Flush(t.Context()); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("flush: %v", err)
		}
		s.Save(boot("b"))
		time.Sleep(10 * time.Second) // ten attempts
		if n := d.attempts(); n < 9 || n > 11 {
			t.Errorf("%d attempts in 10 s", n)
		}
		// Nobody saves anything: it heals by itself.
		d.heal()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want := []string{"cannot write /s/state.json: no space left on device", ""}
		if !reflect.DeepEqual(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
		if !reflect.DeepEqual(d.boots, []string{"b"}) {
			t.Errorf("wrote %q, want the newest", d.boots)
		}
		if err := s.Flush(t.Context()); err != nil {
			t.Errorf("flush after healing: %v", err)
		}
	})
}

func TestSaverFlushEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSaver((&disk{slow: time.Hour}).write, nil)
		defer s.Close()
		s.Save(boot("a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSaverCloseWritesTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		s := newSaver(d.write, nil)
		s.Save(boot("a"))
		synctest.Wait()
		s.Save(boot("b")) // within the pause
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s.Save(boot("c"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if want := []string{"a", "b"}; !reflect.DeepEqual(d.boots, want) {
			t.Errorf("wrote %q, want %q", d.boots, want)
		}
	})
}

// On a real full filesystem the last good file stays, and the next state is
// written once there is room.
func TestSaverOnAFullFilesystem(t *testing.T) {
	d, full, free := tiny(t)
	told := make(chan string, 16)
	s := NewSaver(d, func(text string) { told <- text })
	defer s.Close()
	s.Save(boot("good"))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	full()
	big := sampleState(200)
	big.BootID = "big"
	s.Save(big)
	if err := s.Flush(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("flush on a full disk: %v", err)
	}
	if text := <-told; !strings.Contains(text, "no space left on device") {
		t.Errorf("told %q", text)
	}
	if got, err := ReadState(d.Paths()); err != nil || got.BootID != "good" {
		t.Errorf("on disk: %q (%v), want the last good state", got.BootID, err)
	}
	if _, err := os.Stat(d.Paths().StateFile() + ".new"); err == nil {
		t.Error("the part that was written still takes room")
	}
	free()
	if text := <-told; text != "" {
		t.Errorf("told %q, want that it has healed", text)
	}
	if got, err := ReadState(d.Paths()); err != nil || got.BootID != "big" {
		t.Errorf("on disk: %q (%v), want the newest state", got.BootID, err)
	}
}

// tiny is a state directory on a filesystem of 256 KiB, and how to fill it and
// make room again.
func tiny(t *testing.T) (d *Dir, full, free func()) {
	t.Helper()
	needs(t, os.Geteuid() == 0, "a filesystem can be mounted by root only")
	dir := t.TempDir()
	if err := mountTiny(dir); err != nil {
		needs(t, false, "cannot mount a filesystem: "+err.Error())
	}
	t.Cleanup(func() { _ = unmount(dir) })
	d, err := Open(at(dir))
	if err != nil {
		t.Fatal(err)
	}
	ballast := dir + "/ballast"
	full = func() {
		file, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for err == nil {
			_, err = file.Write(make([]byte, 4096))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	free = func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	return d, full, free
}
