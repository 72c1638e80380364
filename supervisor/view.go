package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"systemg/config"
	"systemg/supervisor/graph"
	"systemg/supervisor/health"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// View is one unit as it was at one moment. It is never changed.
type View struct {
	ID   string
	Hash string
	Def  *config.Unit
	Unit unit.Unit
	// Process is the main process of the present run; its PID is 0 when
	// none lives or it is not known yet.
	Process proc.Process
	// StartedAt is when the present run was spawned.
	StartedAt time.Time
	// Ends counts the runs that have ended since the supervisor started.
	Ends int
	// Leaving is whether a stop or a restart waits for dependents to end.
	Leaving bool
	// Matched are the expressions that the present run's output matched.
	Matched map[string]bool
	// Unheard are those that it did not match to its end, Heard whether
	// anybody listened.
	Unheard map[string]bool
	Heard   bool
	// Rolling is whether a rollout is under way, Rollout how far it is;
	// Rollouts counts those that have ended, Last is the newest of them.
	Rolling  bool
	Rollout  Rollout
	Rollouts int
	Last     *Rolled
	// Good are the earlier definitions that were ready once, oldest first.
	Good []*config.Unit
	// Tally is what the health check of the present run found, nil where
	// nobody has looked.
	Tally *health.Tally
	// NextRun is when a cron job runs next, zero for never; History are its
	// runs that are kept, oldest first.
	NextRun time.Time
	History []store.CronRun
	// Slot is where a blue-green instance stands.
	Slot string
	// Beside are the processes that live beside the unit's own instance:
	// a rollout's.
	Beside []proc.Process
	// Adhoc units came from a command line; Removed ones are named by no
	// manifest any more and are about to end, Orphaned ones have ended. Found
	// ones have no definition but what runs.
	Adhoc, Removed, Orphaned, Found bool
	// Expires is when an ad-hoc unit's time to live ends; zero for never.
	Expires time.Time
	// Parent is the ID of the unit that spawned this one, or empty.
	// Leash is the process an ad-hoc unit ends with.
	Leash  Leash
	Parent string
}

// Alive is whether anything of the unit may live, a rollout's second instance
// included.
func (v *View) Alive() bool { return v.Unit.Alive() || len(v.Beside) > 0 }

// Snapshot is the state of every unit at one moment. It is never changed.
type Snapshot struct {
	// Seq grows by one with each snapshot.
	Seq uint64
	// Units are in dependency order, orphans last.
	Units []*View
	Graph *graph.Graph
	// Projects are the projects the supervisor knows, by id.
	Projects map[string]Project
	// Problems are what the supervisor itself suffers from, in words.
	Problems []string
	// Closing is whether the supervisor is on its way out.
	Closing bool

	// places says where in Units a unit stands; snapshots share it until
	// units come or go.
	places map[string]int
}

// Project is a set of units and where it came from.
type Project struct {
	ID string
	// Manifest is the absolute path, empty for ad-hoc units.
	Manifest string
	// Env is the base environment of its services, as NAME=VALUE.
	Env    []string
	Digest string
}

// Find is the unit with that ID.
func (s *Snapshot) Find(id string) (*View, bool) {
	at, ok := s.places[id]
	if !ok {
		return nil, false
	}
	return s.Units[at], true
}

// Fact is what package graph asks about a unit.
func (s *Snapshot) Fact(id string) (graph.Fact, bool) {
	v, ok := s.Find(id)
	if !ok || v.Orphaned {
		return graph.Fact{}, false
	}
	return graph.Fact{Unit: v.Unit, Leaving: v.Leaving, Matched: v.Matched, Unheard: v.Unheard, Heard: v.Heard}, true
}

// Hash is the short, stable name of a unit: the first 12 hex digits of the
// SHA-256 of its ID.
func Hash(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:6])
}
