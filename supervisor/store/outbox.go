package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DeliverySchema is the version of an outbox file that this package writes.
const DeliverySchema = 1

// Delivery is one HTTP call that is owed to somebody outside. Its body and its
// signature are fixed when it is made, so every attempt says the same and the
// secret behind the signature is never on disk.
type Delivery struct {
	Schema int `json:"schema"`
	// Seq orders deliveries; the outbox gives it.
	Seq uint64 `json:"seq"`
	// ID is the same in every attempt, so that a receiver can drop doubles.
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	// Unit is "project/name", About what it tells of it: "on_start success".
	Unit  string `json:"unit"`
	About string `json:"about"`

	URL       string           `json:"url"`
	Headers   []DeliveryHeader `json:"headers,omitempty"`
	Signature string           `json:"signature,omitempty"`
	Body      json.RawMessage  `json:"body"`
	// Timeout is how long one attempt may take, Retries how many follow
	// the first.
	Timeout time.Duration `json:"timeout_ns"`
	Retries int           `json:"retries"`

	size int64
}

// DeliveryHeader is one header of the call. Its value may be a secret.
type DeliveryHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// OutboxLimits bound an outbox; 0 means the default.
type OutboxLimits struct {
	// Count is how many deliveries it holds (5000), Bytes how large they
	// are together (8 MiB).
	Count int
	Bytes int64
}

// The defaults of OutboxLimits.
const (
	outboxCount = 5000
	outboxBytes = 8 << 20
)

// Outbox keeps deliveries on disk until they are made: one file each, named by
// its number, of mode 0600. When it is full the oldest give way.
//
// A file is written under another name, and survives the end of this process
// from then on; Sync makes it survive the end of the machine, and gives it its
// name. Of what was not synced, files that are whole count and others never
// were.
//
// The methods may be called from any goroutine. Add waits for the page cache,
// Sync for the disk.
type Outbox struct {
	dir    string
	limits OutboxLimits

	// mu is held over writes, renames and removals, not over fsyncs.
	mu   sync.Mutex
	kept []Delivery
	// loose are the numbers of those that are not synced, oldest first.
	loose []uint64
	bytes int64
	last  uint64
}

// Outbox is the folder of deliveries that are not made yet.
func (p Paths) Outbox() string { return filepath.Join(p.State, "outbox") }

// OpenOutbox reads what an earlier supervisor left, oldest first. Files that
// cannot be used are moved aside; notes says in words which. The caller has
// the lock of the state directory.
func OpenOutbox(dir string, limits OutboxLimits) (box *Outbox, notes []string, err error) {
	if err := prepare(dir); err != nil {
		return nil, nil, err
	}
	if limits.Count <= 0 {
		limits.Count = outboxCount
	}
	if limits.Bytes <= 0 {
		limits.Bytes = outboxBytes
	}
	o := &Outbox{dir: dir, limits: limits}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, failed("read the outbox", dir, err)
	}
	for _, entry := range names {
		note, err := o.load(entry.Name())
		if err != nil {
			return nil, nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	slices.SortFunc(o.kept, func(a, b Delivery) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
	if dropped := o.shrink(); len(dropped) > 0 {
		notes = append(notes, fmt.Sprintf("the outbox was too large: dropped the oldest %d deliveries", len(dropped)))
	}
	return o, notes, nil
}

// load takes one file in; note is about one that was moved aside.
func (o *Outbox) load(name string) (note string, err error) {
	path := filepath.Join(o.dir, name)
	whole, loose := strings.CutSuffix(name, ".new")
	digits, ok := strings.CutSuffix(whole, ".json")
	if !ok {
		return "", nil
	}
	d, err := readJSON(path, DeliverySchema, func(d *Delivery) int { return d.Schema })
	if err == nil {
		err = d.check(digits)
	}
	var bad *unreadable
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.As(err, &bad) && loose:
		// It was being written when everything ended.
		_ = os.Remove(path)
		return "", nil
	case errors.As(err, &bad):
		return moveAside(path, bad, time.Now())
	case err != nil:
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", failed("read", path, err)
	}
	d.size = info.Size()
	o.kept = append(o.kept, d)
	o.bytes += d.size
	o.last = max(o.last, d.Seq)
	if loose {
		o.loose = append(o.loose, d.Seq)
	}
	return "", nil
}

// check says what is wrong with a file that is JSON of the right schema.
func (d *Delivery) check(digits string) error {
	seq, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil || seq != d.Seq:
		err = fmt.Errorf("its number is %d and its name says %s", d.Seq, digits)
	case d.ID == "" || d.URL == "" || len(d.Body) == 0:
		err = errors.New("its id, its url or its body is missing")
	case d.Timeout <= 0 || d.Retries < 0:
		err = errors.New("its timeout or its number of retries makes no sense")
	default:
		return nil
	}
	return &unreadable{suffix: "corrupt", err: err}
}

// Kept is what is not made yet, oldest first.
func (o *Outbox) Kept() []Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.kept)
}

// Add keeps a delivery and returns it with its number, and the ones that had to
// give way to it; see Sync. After an error nothing was kept, though the
// delivery has a number: it may be made all the same.
func (o *Outbox) Add(d Delivery) (kept Delivery, dropped []Delivery, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last++
	d.Schema, d.Seq = DeliverySchema, o.last
	data, err := json.Marshal(&d)
	if err != nil {
		return d, nil, &Error{Op: "keep a delivery", Err: err}
	}
	if err := writeLoose(o.path(d.Seq)+".new", data); err != nil {
		return d, nil, err
	}
	o.loose = append(o.loose, d.Seq)
	d.size = int64(len(data))
	o.kept = append(o.kept, d)
	o.bytes += d.size
	return d, o.shrink(), nil
}

// writeLoose makes a file of mode 0600 that is not fsynced.
func writeLoose(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if errors.Is(err, fs.ErrNotExist) && prepare(filepath.Dir(path)) == nil {
		// Somebody removed the directory under way.
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	}
	if err != nil {
		return failed("write", path, err)
	}
	err = file.Chmod(0o600)
	if err == nil {
		_, err = file.Write(data)
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(path)
		return failed("write", path, err)
	}
	return nil
}

// Sync makes what was added survive the end of the machine; what is removed
// meanwhile costs nothing. It returns the first error, with the rest undone;
// the next call tries again.
func (o *Outbox) Sync() error {
	done := false
	for {
		o.mu.Lock()
		if len(o.loose) == 0 {
			o.mu.Unlock()
			break
		}
		seq := o.loose[0]
		o.mu.Unlock()
		if err := o.syncOne(seq); err != nil {
			return err
		}
		done = true
	}
	if done {
		syncDir(o.dir)
	}
	return nil
}

func (o *Outbox) syncOne(seq uint64) error {
	loose := o.path(seq) + ".new"
	file, err := os.OpenFile(loose, os.O_WRONLY, 0)
	if err == nil {
		err = file.Sync()
		_ = file.Close()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	at := slices.Index(o.loose, seq)
	if at < 0 {
		return nil // It was removed meanwhile.
	}
	if err == nil {
		err = os.Rename(loose, o.path(seq))
	}
	if errors.Is(err, fs.ErrNotExist) {
		// Somebody else removed it; it is still owed, from memory.
		err = nil
	}
	if err != nil {
		return failed("write", loose, err)
	}
	o.loose = slices.Delete(o.loose, at, at+1)
	return nil
}

// erase removes a delivery's file, whatever it is called now.
func (o *Outbox) erase(seq uint64) error {
	path := o.path(seq)
	if at := slices.Index(o.loose, seq); at >= 0 {
		o.loose = slices.Delete(o.loose, at, at+1)
		path += ".new"
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove the delivery", path, err)
	}
	return nil
}

// shrink removes the oldest until the limits hold; one always stays.
func (o *Outbox) shrink() (dropped []Delivery) {
	for len(o.kept) > 1 && (len(o.kept) > o.limits.Count || o.bytes > o.limits.Bytes) {
		oldest := o.kept[0]
		dropped = append(dropped, oldest)
		o.kept = slices.Delete(o.kept, 0, 1)
		o.bytes -= oldest.size
		_ = o.erase(oldest.Seq)
	}
	return dropped
}

// Remove forgets a delivery that was made or given up. A power cut right after
// may bring it back: then it is made twice, with the same ID.
func (o *Outbox) Remove(seq uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := slices.IndexFunc(o.kept, func(d Delivery) bool { return d.Seq == seq })
	if at < 0 {
		return nil
	}
	o.bytes -= o.kept[at].size
	o.kept = slices.Delete(o.kept, at, at+1)
	return o.erase(seq)
}

// Size is how many deliveries are kept, and how many bytes they take.
func (o *Outbox) Size() (count int, bytes int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.kept), o.bytes
}

func (o *Outbox) path(seq uint64) string {
	return filepath.Join(o.dir, fmt.Sprintf("%020d.json", seq))
}
