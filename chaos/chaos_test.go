package chaos_test

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

var (
	withKafka = flag.Bool("kafka", false, "run the tests that start a real Kafka")
	keep      = flag.String("keep", "", "a folder to keep data and logs in")
	logLevel  = flag.String("log", "info", "the processors' log level")
	soakFor   = flag.Duration("soak", 0, "how long to run without faults, and to look for leaks; 0: not at all")
	seed      = flag.Uint64("seed", 0, "of all random choices; 0 takes one from the clock")
)

// needKafka skips a test unless it was asked for, and returns its seed.
func needKafka(t *testing.T) uint64 {
	t.Helper()
	if !*withKafka {
		t.Skip("starts a real Kafka: make test-kafka")
	}
	return theSeed(t)
}

func theSeed(t *testing.T) uint64 {
	t.Helper()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat this run's choices with -seed %d beside its other flags", s)
	return s
}

func programs(t *testing.T, replace map[string]string) string {
	t.Helper()
	return build(t, replace, "./processor", "./functions", "./chaos/checker")
}

// pane is short, so that many close in a run.
const pane = 2 * time.Second

// TestKafka is the proof: each part has a Kafka of its own, all the same
// programs.
func TestKafka(t *testing.T) {
	s := short(needKafka(t))
	s.bin = programs(t, nil)
	t.Run("plain", func(t *testing.T) { testPlain(t, s) })
	t.Run("chaos", func(t *testing.T) { testChaos(t, s) })
	t.Run("parts", func(t *testing.T) { testParts(t, s) })
}

// testPlain is a run without any fault: what it finds, chaos would hide.
func testPlain(t *testing.T, s setup) {
	w := newWorld(t, s)
	w.addProcessors(3)
	w.checkTopics()
	w.startLoad()
	w.calm()
	time.Sleep(6 * pane)
	w.unsurprised()
	w.mustHold()
}

// testChaos breaks everything that can be broken, in turn, while likes come.
func testChaos(t *testing.T, s setup) {
	w := newWorld(t, s)
	w.addProcessors(3)
	w.startLoad()
	time.Sleep(3 * pane)
	w.kills()
	w.stopOne()
	w.addProcessor()
	w.settle()
	w.zombie()
	w.settle()
	w.unknown(aPublication, someSums)
	w.settle()
	w.unknown(someSums, aPublication)
	w.settle()
	w.orphan()
	w.settle()
	w.restartBroker()
	w.pause(5*time.Second, 6*time.Second)
	w.kills()
	w.calm()
	w.loaded()
	time.Sleep(10 * pane)
	w.unsurprised()
	w.mustHold()
	w.reportStandstill()
}

// kills kills three processors, some seconds apart, with what becomes of their
// stores in a random order.
func (w *world) kills() {
	w.Helper()
	for _, store := range w.random.Perm(damaged + 1) {
		w.kill(store)
		w.pause(4*time.Second, 8*time.Second)
	}
}

// mustHold ends the run and fails the test unless everything holds.
func (w *world) mustHold() {
	w.Helper()
	holds, said := w.judge()
	if !holds {
		w.Errorf("the checker objects:\n%s", said)
	} else {
		w.Logf("the checker:\n%s", said)
	}
	late := w.broker.network.Late()
	w.Logf("%d writes of fenced owners, %d accepted", late.Sent, len(late.Accepted))
	for _, l := range late.Accepted {
		w.Errorf("the broker took a write of a fenced owner: %s", l)
	}
}

// addProcessors starts n processors and waits until they share all tasks.
func (w *world) addProcessors(n int) {
	w.Helper()
	for range n {
		w.addProcessor()
	}
	w.settle()
}

// settleWithin is how long it may take until all is well again.
const settleWithin = 60 * time.Second

// settle waits until every task has an owner and, while there are likes, counts.
func (w *world) settle() {
	w.Helper()
	if w.mutant {
		return
	}
	began := time.Now()
	eventually(w.T, settleWithin, "all processors are ready, and own all tasks", func() bool {
		w.unsurprised()
		return w.settled()
	})
	settled := time.Now()
	for p := 0; p < partitions && w.load != nil && w.watch != nil; p++ {
		eventually(w.T, settleWithin, fmt.Sprintf("a count of log partition %d", p), func() bool {
			_, there := w.watch.After(p, settled)
			return there
		})
	}
	w.Logf("settled after %v", time.Since(began).Round(time.Millisecond))
}

// calm waits until all tasks run without lag, and tells the checker: windows
// are final in time from now on.
func (w *world) calm() {
	w.Helper()
	w.settle()
	if _, err := fmt.Fprintln(w.checker.stdin, "calm"); err != nil {
		w.Fatalf("tell the checker: %v", err)
	}
}
