package window_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"distributed-counter/processor/window"
)

// The model: ingestion partitions whose likes real Sources write to a log, and
// two or three members with a real Counter and a plain store, of which one
// leads, or several believe to. A seed decides who does what next: likes come
// in order, late or after a night; sources are added, and lag, abort, restart;
// members fold, follow, are elected, crash between any two steps with or
// without their store, stay on as zombies, plan, write, commit, abort, or do
// not learn how a commit ended; panes are published in parts with folding and
// announcing in between; the changelog is compacted, the log is truncated.
//
// What must hold, checked at every commit and at the end against the oracle:
//
//	final counts   every window has its count, late count and total, once (I3);
//	               nobody publishes before the watermarks allow it (I4); none is
//	               missing at the end (I1, I5); ten 1-minute counts are two
//	               5-minute counts are the 10-minute count (I2)
//	position       R is at or before the first unpublished like, never goes
//	               back, and has the progress that was there before it
//	running        what is announced is what the oracle counts in the log that
//	               was folded, and at the end no video's announcement is stale
//	stores         a store that was kept equals one restored from nothing, and
//	               all counters draw the same picture (I5)
//
// A fence is taken as one step; brokers and rebalances are the simulation's.
var (
	seeds = flag.Int("seeds", 1500, "schedules of the model to run")
	seed  = flag.Int64("seed", -1, "run this schedule of the model alone, and print it")
)

func TestModel(t *testing.T) {
	if *seed >= 0 {
		w := runWorld(*seed, mutation{})
		t.Logf("schedule %d:\n%s", *seed, strings.Join(w.trace, "\n"))
		for _, e := range w.errs {
			t.Error(e)
		}
		return
	}
	var sum tally
	for s := range int64(*seeds) {
		w := runWorld(s, mutation{})
		sum.add(&w.tally)
		if len(w.errs) > 0 {
			t.Fatalf("schedule %d: %s\nrepeat it with: go test ./processor/window -run 'TestModel$' -v -seed %d",
				s, strings.Join(w.errs[:min(5, len(w.errs))], "\n"), s)
		}
	}
	t.Logf("%d schedules: %+v", *seeds, sum)
	if *seeds >= 500 {
		sum.mustHaveSeenAll(t)
	}
}

// Each of these mistakes was made on paper once. A model that does not notice
// them proves nothing.
func TestModelCatches(t *testing.T) {
	for _, tt := range []struct {
		name string
		mutation
	}{
		{"store before commit", mutation{storeFirst: true}},
		{"replay with the newest watermarks", mutation{newestMarks: true}},
		{"R behind the pane that is being published", mutation{skipBegun: true}},
		{"no fence between two parts", mutation{noFence: true}},
		{"ring of panes without the number of the newest", mutation{noNumber: true}},
		{"source keeps the watermark of an aborted transaction", mutation{keepWatermark: true}},
		{"answer to an aborted announcement taken for given", mutation{forgetAnnounced: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const limit = 4000
			for s := range int64(limit) {
				w := runWorld(s, tt.mutation)
				if len(w.errs) > 0 && !strings.HasPrefix(w.errs[0], "panic") { // noticed by the model, not by the core
					t.Logf("schedule %d: %s", s, w.errs[0])
					return
				}
			}
			t.Errorf("not noticed in %d schedules", limit)
		})
	}
}

// mutation is what is wrong in a world; the zero mutation is nothing. Where
// the replay position is mutated, it is not checked itself: what follows from
// it must show.
type mutation struct {
	storeFirst, newestMarks, skipBegun, noFence, noNumber, keepWatermark, forgetAnnounced bool
}

// tally counts what the schedules went through, so that a model that has
// become too tame is noticed.
type tally struct {
	Parts, Splits, Late, Nights, Zombies, LostAnswers, Aborts, SourceAborts  int
	MidTxnCrashes, LostStores, Compactions, Truncations, Restarts, Announced int
	FoldedInPart, FollowedAhead, Grown                                       int
}

func (a *tally) add(b *tally) {
	for i, n := range b.all() {
		*a.all()[i].n += *n.n
	}
}

func (a *tally) mustHaveSeenAll(t *testing.T) {
	t.Helper()
	for _, n := range a.all() {
		if *n.n < 10 {
			t.Errorf("only %d schedules with %s: the model has become too tame", *n.n, n.name)
		}
	}
}

type namedInt struct {
	name string
	n    *int
}

func (a *tally) all() []namedInt {
	return []namedInt{
		{"parts", &a.Parts}, {"splits", &a.Splits}, {"late likes", &a.Late}, {"nights", &a.Nights},
		{"zombies", &a.Zombies}, {"lost answers", &a.LostAnswers}, {"aborts", &a.Aborts},
		{"aborts of a source", &a.SourceAborts}, {"crashes in a transaction", &a.MidTxnCrashes},
		{"lost stores", &a.LostStores}, {"compactions", &a.Compactions}, {"truncations", &a.Truncations},
		{"restarts at a later R", &a.Restarts}, {"announcements", &a.Announced},
		{"folds within a part", &a.FoldedInPart}, {"positions ahead of the follower", &a.FollowedAhead},
		{"added sources", &a.Grown},
	}
}

const (
	modelPane  = 4 * time.Second
	modelGrace = 500 * time.Millisecond
	modelIdle  = 1000 // ms
	modelVideo = 6
)

// world is one schedule.
type world struct {
	mutation
	tally
	rng   *rand.Rand
	clock int64 // ms
	limit int   // records in a part
	trace []string
	errs  []string

	sources []*ingestion
	parts   int // log partitions; the model follows number 0

	log      [][]byte // by offset; nil where there is no data record
	logStart int64
	oracle   *oracle
	counts   int // log records with likes wanted

	changelog []change
	txns      []*txn
	members   []*member
	epoch     int // of the last fence

	finals map[finalKey]uint64
	live   map[string]window.Running // last committed
}

func runWorld(seed int64, m mutation) (w *world) {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	w = &world{
		mutation: m, rng: rng,
		clock:  modelPane.Milliseconds() * int64(rng.IntN(40)-10),
		limit:  1 + rng.IntN(12),
		parts:  1 + rng.IntN(2),
		oracle: newOracle(modelPane.Milliseconds()),
		counts: 10 + rng.IntN(40),
		finals: map[finalKey]uint64{},
		live:   map[string]window.Running{},
	}
	defer func() {
		if r := recover(); r != nil { // a bug that the core has noticed itself
			w.fault("panic: %v", r)
			w.note("%s", debug.Stack())
		}
	}()
	w.begin(1+rng.IntN(3), 2+rng.IntN(2))
	for range w.counts * 30 {
		w.step()
	}
	w.finish()
	return w
}

func (w *world) begin(sources, members int) {
	for range sources {
		w.addSource()
	}
	t := w.open(0) // the first start's position: nothing published
	start := window.Position{Identity: modelIdentity, Published: never, At: window.Progress{Frontier: never}}
	w.write(t, change{value: start.Append(nil)})
	t.state = committed
	for i := range members {
		m := &member{name: i, store: newShelf()}
		w.members = append(w.members, m)
	}
}

func (w *world) step() {
	m := w.members[w.rng.IntN(len(w.members))]
	switch x := w.rng.IntN(100); {
	case x < 14:
		w.stepSource()
	case x < 16:
		w.elect(m)
	case x < 18:
		w.crash(m)
	case x < 19:
		w.compact()
	case x < 20:
		w.truncate()
	case x < 21:
		w.expire()
	default:
		w.stepMember(m)
	}
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func (w *world) fault(format string, args ...any) {
	w.errs = append(w.errs, fmt.Sprintf(format, args...))
	w.note("FAULT: "+format, args...)
}

func (w *world) oneIn(n int) bool { return w.rng.IntN(n) == 0 }
