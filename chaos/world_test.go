package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
	pane       = 2 * time.Second
	grace      = time.Second
	idleAfter  = 2 * time.Second
	session    = 6 * time.Second // of the group: the processor's choice
	partitions = 3               // of ingestion and log
	videos     = 50
	rate       = 200 // likes per second
	badEvery   = 3 * time.Second
)

// world is the whole system as processes, with its load and its judges.
type world struct {
	*testing.T
	dir, bin    string
	random      *rand.Rand
	broker      *broker
	admin       *kadm.Client
	processors  []*processor
	api         *process
	apiURL      string
	checker     *process
	watch       *check.Watch
	load        *load.Load
	stopLoad    func() // and wait for its last answer
	standstills []standstill
	mutant      bool // its processors may end by themselves
}

// newWorld starts everything but processors and load. The seed is that of all
// choices.
func newWorld(t *testing.T, bin string, seed uint64) *world {
	t.Helper()
	w := &world{T: t, dir: workDir(t), bin: bin, random: rand.New(rand.NewPCG(seed, 0))}
	w.broker = startBroker(t, w.dir)
	cl, err := kgo.NewClient(kgo.SeedBrokers(w.broker.client), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	w.admin = kadm.NewClient(cl)
	t.Cleanup(cl.Close)
	w.observe()
	w.checker = start(t, program{
		name: "checker", path: filepath.Join(bin, "checker"), dir: w.dir,
		args: []string{
			"-brokers", w.broker.client, "-answers", w.answers(), "-pane", pane.String(), "-grace", grace.String(),
			"-idle", idleAfter.String(), "-sources", fmt.Sprint(partitions), "-logs", fmt.Sprint(partitions),
		},
	})
	addr := freeAddr(t)
	w.apiURL = "http://" + addr
	w.api = start(t, program{
		name: "api", path: filepath.Join(bin, "functions"), dir: w.dir,
		env: []string{"COUNTER_API_ADDR=" + addr, "KAFKA_BROKERS=" + w.broker.client, "COUNTER_API_DEADLINE=800ms", "COUNTER_LOG_FORMAT=json"},
	})
	return w
}

func (w *world) answers() string { return filepath.Join(w.dir, "answers.log") }

// observe follows the topics in this process too, for what has to be known
// while the world runs. The judgement is the checker's.
func (w *world) observe() {
	ledger := check.New(check.Config{
		Topics: check.DefaultTopics(), Pane: pane, Grace: grace, Idle: idleAfter, Sources: partitions, Logs: partitions,
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

// processor is one of the counter's processes, started as often as it takes.
type processor struct {
	*process
	w     *world
	n     int
	data  string
	admin string // host:port
}

// addProcessor starts one more.
func (w *world) addProcessor() *processor {
	w.Helper()
	p := &processor{w: w, n: len(w.processors), admin: freeAddr(w.T)}
	p.data = filepath.Join(w.dir, fmt.Sprintf("processor-%d", p.n))
	w.processors = append(w.processors, p)
	p.start()
	return p
}

func (p *processor) start() {
	p.w.Helper()
	p.process = start(p.w.T, program{
		name: fmt.Sprintf("processor-%d", p.n), path: filepath.Join(p.w.bin, "processor"), dir: p.w.dir,
		env: []string{
			"KAFKA_BROKERS=" + p.w.broker.client, "COUNTER_DATA_DIR=" + p.data, "COUNTER_ADMIN_ADDR=" + p.admin,
			"COUNTER_PANE=" + pane.String(), "COUNTER_GRACE=" + grace.String(), "COUNTER_IDLE_AFTER=" + idleAfter.String(),
			"COUNTER_API_DEADLINE=800ms", "COUNTER_LOG_FORMAT=json", "LOG_LEVEL=" + *logLevel,
		},
	})
}

// member is its name in the group and in its clients' ids; empty while it has
// none.
func (p *processor) member() string {
	b, err := os.ReadFile(filepath.Join(p.data, "member"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// ready is its own word.
func (p *processor) ready() bool {
	resp, err := http.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// The transactional ids of the tasks.
func sourceID(partition int) string {
	return fmt.Sprintf("%s/%d", check.DefaultTopics().Positions, partition)
}

func countID(partition int) string {
	return fmt.Sprintf("%s/%d", check.DefaultTopics().Changelog, partition)
}

// leads are the partitions of which the processor was the last to fence the
// task: what it owns, whatever it believes itself.
func (p *processor) leads(id func(int) string) (led []int) {
	if !p.running() {
		return nil
	}
	for i := range partitions {
		if m := p.member(); m != "" && strings.Contains(p.w.broker.network.Fence(id(i)).Client, m) {
			led = append(led, i)
		}
	}
	return led
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
func (w *world) startLoad(seed uint64) {
	w.Helper()
	random := rand.New(rand.NewPCG(seed, 3))
	ids := make([]string, videos)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(), random.UintN(1<<16), random.UintN(1<<12), random.UintN(1<<12), random.Uint64N(1<<48))
	}
	l, err := load.New(load.Config{URL: w.apiURL, Videos: ids, Rate: rate, Seed: seed, Log: w.answers()})
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
	})
	w.Cleanup(stop)
	w.load, w.stopLoad = l, stop
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
	w.Logf("load: %v", w.load)
	w.checker.meant = true
	w.checker.stdin.Close()
	err := w.checker.wait(2 * time.Minute)
	said = w.checker.tail(200)
	if code := w.checker.cmd.ProcessState.ExitCode(); err != nil && code != 1 {
		w.Fatalf("the checker could not tell: %v\n%s", err, said)
	}
	return err == nil, said
}
