package simulation_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seeds    = flag.Int("seeds", 0, "how many random worlds to run; 0 is a moderate number")
	onlySeed = flag.Uint64("seed", 0, "run this random world alone, and tell its story with -v")
)

// TestSimulation runs random worlds.
func TestSimulation(t *testing.T) {
	var sum tallies
	if *onlySeed > 0 {
		runSeed(t, *onlySeed, &sum)
		report(t, &sum)
		return
	}
	n := *seeds
	if n == 0 {
		n = 16
		if raceEnabled || testing.Short() {
			n = 2
		}
	}
	t.Run("seeds", func(t *testing.T) {
		for s := range uint64(n) {
			t.Run(fmt.Sprint(s+1), func(t *testing.T) {
				t.Parallel()
				runSeed(t, s+1, &sum)
			})
		}
	})
	report(t, &sum)
	if n >= 16 {
		wantDanger(t, &sum)
	}
}

// notUnderRace leaves a test of hours of likes to make simulate, which has no
// race detector: with it, the test takes a minute.
func notUnderRace(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("takes a minute under the race detector: make simulate runs it")
	}
}

func runSeed(t *testing.T, seed uint64, sum *tallies) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(randomPlan(seed))
		if testing.Verbose() && *onlySeed > 0 {
			w.verbose = func(line string) { t.Log(line) }
		}
		verdict := w.runChaos()
		if len(verdict) > 0 {
			t.Errorf("seed %d, %+v\n%s\n\nwhat happened last:\n%s\n\nrepeat it with: go test ./simulation -run 'TestSimulation$' -v -seed %d",
				seed, w.plan, strings.Join(verdict[:min(12, len(verdict))], "\n"), strings.Join(w.notes[max(0, len(w.notes)-60):], "\n"), seed)
		}
		w.tally.mu.Lock()
		for what, n := range w.tally.n {
			sum.addN(what, n)
		}
		w.tally.mu.Unlock()
	})
}

// runChaos is the life of a world: likes and faults, then likes alone until
// every task is at work again, then a calm in which windows close in time,
// then silence until the longest window is over.
func (w *world) runChaos() []string {
	defer w.close()
	w.openGates(w.plan.gates)
	w.admit(w.plan.viewers, true)
	for _, h := range w.hosts[:max(2, len(w.hosts)-1)] {
		h.start()
	}
	time.Sleep(5 * time.Second)
	ctx, stop := context.WithCancel(context.Background())
	var liking sync.WaitGroup
	liking.Go(func() {
		w.crowd.like(ctx, w.rand("crowd", 0), manners{every: w.plan.likeEvery, burst: w.plan.burst, odd: true})
	})
	var gates sync.WaitGroup
	gates.Go(func() { w.wreakGates(w.plan.chaos) })
	w.wreak(w.plan.chaos)
	gates.Wait()
	w.heal()
	w.calm = time.Now()
	w.note("calm")
	time.Sleep(max(10*time.Second, 3*w.plan.pane))
	stop()
	liking.Wait()
	w.crowd.busy.Wait()
	return w.verdict()
}

// verdict lets everything come to rest, and judges it.
func (w *world) verdict() []string {
	w.silence()
	w.rest()
	w.compareStores()
	return w.judge()
}

// silence waits until the longest window of the last like is final.
func (w *world) silence() {
	longest := 10 * w.plan.pane
	end := time.Now().Truncate(longest).Add(longest)
	time.Sleep(time.Until(end) + w.plan.grace + w.plan.idle + 4*time.Second)
}

// rest stops all processors, and lets the observer read what there is.
func (w *world) rest() {
	for _, h := range w.hosts {
		h.stop()
	}
	time.Sleep(5 * time.Second)
}

// randomPlan is what a seed says of a world.
func randomPlan(seed uint64) plan {
	w := &world{plan: plan{seed: seed}}
	r := w.rand("plan", 0)
	p := plan{
		seed: seed, hosts: 3 + r.IntN(2), sources: 1 + r.IntN(3), logPartitions: 1 + r.IntN(3),
		videos:      pick(r, []int{3, 12, 40}),
		pane:        pick(r, []time.Duration{2 * time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second}),
		grace:       pick(r, []time.Duration{500 * time.Millisecond, time.Second, 3 * time.Second}),
		idle:        pick(r, []time.Duration{500 * time.Millisecond, 2 * time.Second}),
		partRecords: pick(r, []int{0, 1, 4, 20}),
		chaos:       90 * time.Second,
		faultEvery:  pick(r, []time.Duration{700 * time.Millisecond, 2 * time.Second, 5 * time.Second}),
		likeEvery:   pick(r, []time.Duration{30 * time.Millisecond, 150 * time.Millisecond, time.Second}),
		burst:       1 + r.IntN(8),
		latency:     pick(r, []time.Duration{0, time.Millisecond, 8 * time.Millisecond}),
	}
	if r.oneIn(8) {
		p.pane, p.chaos, p.likeEvery = time.Minute, 4*time.Minute, 300*time.Millisecond
	}
	if r.oneIn(2) {
		p.gates, p.viewers = 2, 3
	}
	return p
}

// report prints what the worlds went through.
func report(t *testing.T, sum *tallies) {
	for _, what := range slices.Sorted(maps.Keys(sum.n)) {
		t.Logf("%8d %s", sum.n[what], what)
	}
}

// wantDanger holds that the worlds were as dangerous as they claim to be.
func wantDanger(t *testing.T, sum *tallies) {
	for _, what := range []string{
		"kills", "kills of a leader with open windows", "kills between commit and store", "lost answers",
		"tasks that were fenced", "processes that outlived their session", "aborted transactions", "late likes",
		"restores from nothing", "emptied stores", "damaged stores", "stores that lost writes", "lies of the group",
		"clean stops", "members that joined or left", "dead letters", "likes without an answer", "intruders",
		"partitions added", "slow readers", "gateways that were stopped",
		"gateways that were killed", "troubles of gateways", "values that viewers had in time", "windows that viewers had each", "times that the broker was away", "answers that were errors",
	} {
		if sum.n[what] == 0 {
			t.Errorf("no %s in all the worlds: they have become too tame", what)
		}
	}
}
