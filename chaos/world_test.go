package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/chaos/check"
	"distributed-counter/chaos/load"
)

// What the counter is told, and what is sent.
const (
	idleAfter  = 2 * time.Second
	session    = 6 * time.Second // of the group: the processor's choice
	partitions = 3               // of ingestion and log
	badEvery   = 3 * time.Second
)

// setup is what differs between the worlds of tests.
type setup struct {
	bin  string // folder of the programs
	seed uint64 // of all choices
	pane time.Duration

	grace    time.Duration
	deadline time.Duration // of the API
	slack    time.Duration // of the checker: a final count may come this much later, on a machine with other things to do

	videos int
	rate   int     // likes per second
	zipf   float64 // load.Config.Zipf

	// judgeWithin bounds the checker's verdict, once everything has come.
	judgeWithin time.Duration
	// host has the broker run from its jars, as a process whose memory is seen.
	host bool
	// unobserved leaves out what this process observes itself: it would grow
	// for as long as the run takes.
	unobserved bool
	// store is what processors are told beside the rest, as in an environment.
	store []string
	// mutant says that the programs have a mistake: processors may end by
	// themselves, and what is missing need not be waited for that long.
	mutant bool
}

// short is what the tests use that break things: all is quick.
func short(seed uint64) setup {
	return setup{
		seed: seed, pane: pane, grace: time.Second, deadline: 800 * time.Millisecond, slack: 8 * time.Second,
		videos: 50, rate: 200, judgeWithin: time.Minute,
	}
}

// world is the whole system as processes, with its load and its judges.
type world struct {
	*testing.T
	setup
	dir         string
	random      *rand.Rand
	broker      *broker
	admin       *kadm.Client
	processors  []*processor
	api         *process
	apiURL      string
	apiAdmin    string // host:port
	checker     *process
	watch       *check.Watch
	load        *load.Load
	stopLoad    func() // and wait for its last answer
	standstills []standstill
}

// newWorld starts everything but processors and load.
func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	w := &world{T: t, setup: s, dir: workDir(t), random: rand.New(rand.NewPCG(s.seed, 0))}
	w.broker = startBroker(t, w.dir, w.host)
	cl, err := kgo.NewClient(kgo.SeedBrokers(w.broker.client), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	w.admin = kadm.NewClient(cl)
	t.Cleanup(cl.Close)
	if !w.unobserved {
		w.observe()
	}
	w.startChecker()
	w.startAPI()
	return w
}

func (w *world) startChecker() {
	w.Helper()
	wait := 10*w.pane + settleWithin
	if w.mutant {
		wait = 10*w.pane + 10*time.Second
	}
	w.checker = start(w.T, program{
		name: "checker", path: filepath.Join(w.bin, "checker"), dir: w.dir,
		args: []string{
			"-brokers", w.broker.client, "-answers", w.answers(), "-wait", wait.String(), "-pane", w.pane.String(), "-grace", w.grace.String(),
			"-slack", w.slack.String(), "-idle", idleAfter.String(), "-sources", fmt.Sprint(partitions), "-logs", fmt.Sprint(partitions),
		},
	})
}

func (w *world) startAPI() {
	w.Helper()
	addr := freeAddr(w.T)
	w.apiURL, w.apiAdmin = "http://"+addr, freeAddr(w.T)
	w.api = start(w.T, program{
		name: "api", path: filepath.Join(w.bin, "functions"), dir: w.dir,
		env: []string{
			"COUNTER_API_ADDR=" + addr, "COUNTER_ADMIN_ADDR=" + w.apiAdmin, "KAFKA_BROKERS=" + w.broker.client,
			"COUNTER_API_DEADLINE=" + w.deadline.String(), "COUNTER_LOG_FORMAT=json",
		},
	})
}

func (w *world) answers() string { return filepath.Join(w.dir, "answers.log") }

// observe follows the topics in this process too, for what has to be known
// while the world runs. The judgement is the checker's.
func (w *world) observe() {
	ledger := check.New(check.Config{
		Topics: check.DefaultTopics(), Pane: w.pane, Grace: w.grace, Idle: idleAfter, Sources: partitions, Logs: partitions,
	})
	w.watch = ledger.Watch()
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() {
		if err := check.Follow(ctx, []string{w.broker.client}, check.DefaultTopics(), ledger.Add); err != nil && ctx.Err() == nil {
			w.Errorf("observe: %v", err)
		}
	})
	w.Cleanup(func() { cancel(); following.Wait() })
}

// settled says whether all processors are well and every task has an owner
// among them.
func (w *world) settled() bool {
	sources, counts := 0, 0
	for _, p := range w.processors {
		if p.running() {
			if !p.ready() {
				return false
			}
			sources += len(p.leads(sourceID))
			counts += len(p.leads(countID))
		}
	}
	return sources == partitions && counts == partitions
}

// startLoad begins to send likes, and bad records, until stopLoad.
func (w *world) startLoad() {
	w.Helper()
	l, err := load.New(load.Config{
		URL: w.apiURL, Videos: ids(w.seed, w.videos), Zipf: w.zipf, Rate: w.rate, Seed: w.seed, Log: w.answers(),
	})
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var sending sync.WaitGroup
	sending.Go(func() { l.Run(ctx) })
	sending.Go(func() {
		if err := l.SendBad(ctx, []string{w.broker.client}, check.DefaultTopics().Ingestion, badEvery); err != nil {
			w.Errorf("load: %v", err)
		}
	})
	stop := sync.OnceFunc(func() {
		cancel()
		sending.Wait()
		if err := l.Close(); err != nil {
			w.Errorf("load: %v", err)
		}
		w.Logf("load: %v", l)
	})
	w.Cleanup(stop)
	w.load, w.stopLoad = l, stop
}

// ids are so many made-up video ids.
func ids(seed uint64, n int) []string {
	random := rand.New(rand.NewPCG(seed, 3))
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(), random.UintN(1<<16), random.UintN(1<<12), random.UintN(1<<12), random.Uint64N(1<<48))
	}
	return all
}

// loaded fails the test when the likes have run out: what happens then proves
// nothing.
func (w *world) loaded() {
	w.Helper()
	eventually(w.T, 10*time.Second, "a like that is acknowledged", func() bool {
		return time.Since(w.load.LastAcknowledged()) < time.Second
	})
}

// unsurprised fails the test when a process has ended that nobody ended.
func (w *world) unsurprised() {
	w.Helper()
	all := []*process{w.api, w.checker, w.broker.process}
	for _, p := range w.processors {
		all = append(all, p.process)
	}
	for _, p := range all {
		if !p.running() && !p.meant && !w.mutant {
			w.Fatalf("%s has ended: %v\n%s", p.name, p.err, p.tail(20))
		}
	}
}

// judge ends the load, waits for the last windows to close, and returns whether
// the checker found everything to hold, with what it said.
func (w *world) judge() (holds bool, said string) {
	w.Helper()
	w.stopLoad()
	w.checker.meant = true
	w.checker.stdin.Close()
	err := w.checker.wait(10*w.pane + settleWithin + w.judgeWithin)
	said = w.checker.tail(200)
	if code := w.checker.cmd.ProcessState.ExitCode(); err != nil && code != 1 {
		w.Fatalf("the checker could not tell: %v\n%s", err, said)
	}
	return err == nil, said
}
