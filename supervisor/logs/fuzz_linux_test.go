package logs

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// index is what records look like on disk.
func index(records ...record) []byte {
	var b []byte
	for _, r := range records {
		b = r.append(b)
	}
	return b
}

// FuzzIndex reads a stream whose index is anything at all: whatever it says,
// the bytes come back as they are, once, and a mover that opens the stream
// makes an index of it that holds.
func FuzzIndex(f *testing.F) {
	text := []byte("one\ntwo\nthree and no end")
	stamp := func(at int64) record { return record{kind: kindTime, at: at, value: 1e18} }
	whole := index(headRecord(0, 0), runRecord(0, 7, false), stamp(4), stamp(8), runRecord(10, 8, false), stamp(24))
	f.Add(text, whole, 0, uint8(2))
	f.Add(text, whole[:len(whole)-7], 0, uint8(2))
	f.Add(text[:5], whole, 0, uint8(1))
	f.Add(text, whole[recordSize:], 1, uint8(2))
	f.Add(text, index(headRecord(0, 0), stamp(8), stamp(4), stamp(24)), 0, uint8(2))
	f.Add(text, index(headRecord(1<<62, 0), stamp(1<<62)), 8, uint8(9))
	f.Add(text, index(headRecord(-1, 0), stamp(-5)), 8, uint8(0))
	f.Add(text, index(headRecord(0, 0), headRecord(0, 0), record{kind: kindLost, at: 4, value: 1 << 61}), 8, uint8(2))
	f.Add(text, index(headRecord(0, unsorted), record{kind: kindLost, at: 8, value: 9}, runRecord(8, 1<<60, true), stamp(8)), 8, uint8(2))
	f.Add(bytes.Repeat([]byte("x"), 3*pieceBytes), index(headRecord(0, 0), runRecord(pieceBytes, 2, false)), 100, uint8(1))
	f.Add([]byte{}, []byte("torn"), 0, uint8(1))
	f.Fuzz(func(t *testing.T, data, idx []byte, split int, last uint8) {
		dir := t.TempDir()
		path := filepath.Join(dir, "web.log")
		// The older part has its own index, which is sound or missing.
		split = max(0, min(split, len(data)))
		write(t, segmentPath(path, 1), data[:split])
		if split%2 == 0 {
			write(t, indexPath(path, 1), index(headRecord(0, 0), record{kind: kindTime, at: int64(split), value: 1e18}))
		}
		write(t, path, data[split:])
		write(t, indexPath(path, 0), idx)
		files := []File{{Path: path}}
		if got := join(read(t, files, Query{Lines: -1})); !bytes.Equal(got, data) {
			t.Fatalf("read %d bytes, not %d", len(got), len(data))
		}
		if got := join(read(t, files, Query{Lines: int(last)})); !bytes.HasSuffix(data, got) {
			t.Fatalf("the last %d lines are not the end", last)
		}

		tape := tape{path: path, seg: -1, idx: -1}
		if err := tape.openFiles(); err != nil {
			t.Fatal(err)
		}
		tape.close()
		mended, err := os.ReadFile(indexPath(path, 0))
		if err != nil {
			t.Fatal(err)
		}
		size := int64(len(data) - split)
		if f := survey(bytes.NewReader(mended), size); f.keep != int64(len(mended)) || f.end != size || f.keep == 0 {
			t.Fatalf("of an index of %d bytes %d hold, to %d of %d", len(mended), f.keep, f.end, size)
		}
		if got := join(read(t, files, Query{Lines: -1})); !bytes.Equal(got, data) {
			t.Fatalf("read %d bytes after mending, not %d", len(got), len(data))
		}
	})
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRecordsComeBack(t *testing.T) {
	for _, r := range []record{
		headRecord(12, unsorted), runRecord(3, 9, true), runRecord(3, 9, false),
		{kind: kindTime, at: 5, value: 1e18},
		{kind: kindLost, at: 5, value: 1 << 40},
	} {
		b := r.append(nil)
		if len(b) != recordSize || decode(b) != r {
			t.Errorf("%+v became %+v", r, decode(b))
		}
	}
	if decode(binary.LittleEndian.AppendUint64(make([]byte, 8), 1<<63)).kind != kindHead {
		t.Error("the kind is not in the highest bits")
	}
}
