package chaos_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"distributed-counter/chaos/check"
	"distributed-counter/chaos/proxy"
)

// chosen is a processor that owns an open window: one whose counts it leads has
// likes that are not published.
func (w *world) chosen() *processor {
	w.Helper()
	w.loaded()
	w.unsurprised()
	var chosen *processor
	eventually(w.T, 30*time.Second, "a processor that owns an open window", func() bool {
		var able []*processor
		for _, p := range w.processors {
			if p.openWindows() > 0 {
				able = append(able, p)
			}
		}
		if len(able) > 0 {
			chosen = able[w.random.IntN(len(able))]
		}
		return chosen != nil
	})
	return chosen
}

func (p *processor) openWindows() (open int) {
	for _, partition := range p.leads(countID) {
		open += p.w.watch.Open(partition)
	}
	return open
}

// said is a processor and what it has, for the log.
func (p *processor) String() string {
	return fmt.Sprintf("processor-%d, which leads PARTITION %v and COUNT %v with %d open windows", p.n, p.leads(sourceID), p.leads(countID), p.openWindows())
}

// What becomes of the store of a processor that was killed.
const (
	kept = iota
	deleted
	damaged
)

// kill kills a processor that owns an open window with -9, and starts it again
// with its store as it is told.
func (w *world) kill(store int) {
	w.Helper()
	p := w.chosen()
	w.Logf("kill -9 of %v; its store is %s", p, [...]string{"kept", "deleted", "damaged"}[store])
	w.interrupt("kill -9", p)
	p.process.kill()
	switch store {
	case deleted:
		if err := os.RemoveAll(p.data); err != nil {
			w.Fatal(err)
		}
	case damaged:
		w.damage(p)
	}
	w.pause(100*time.Millisecond, 2*time.Second)
	p.start()
}

// damage overwrites bytes in the middle of every file of a processor's stores.
func (w *world) damage(p *processor) {
	w.Helper()
	files, err := filepath.Glob(filepath.Join(p.data, "count-*", "*"))
	if err != nil || len(files) == 0 {
		w.Fatalf("there is no store to damage in %s: %v", p.data, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			w.Fatal(err)
		}
		for i := len(b) / 3; i < 2*len(b)/3; i++ {
			b[i] ^= 0x55
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			w.Fatal(err)
		}
	}
}

// stopOne stops a processor with SIGTERM and starts it again.
func (w *world) stopOne() {
	w.Helper()
	p := w.chosen()
	w.Logf("SIGTERM to %v", p)
	w.interrupt("SIGTERM", p)
	began := time.Now()
	if err := p.terminate(15 * time.Second); err != nil {
		w.Errorf("after SIGTERM processor-%d ended with %v\n%s", p.n, err, p.tail(20))
	}
	w.Logf("it ended after %v", time.Since(began).Round(time.Millisecond))
	w.pause(time.Second, 2*time.Second)
	p.start()
}

// zombie hangs a processor in the middle of a publication for longer than its
// session, with the request that commits it still on its way; lets that arrive
// once others own all that it had; and wakes it up.
func (w *world) zombie() {
	w.Helper()
	p := w.chosen()
	before := w.broker.network.Late()
	f := w.broker.network.Inflict(proxy.Fault{Kind: proxy.Hold, ID: check.DefaultTopics().Changelog, Client: p.member(), Finals: true})
	defer w.broker.network.Remove(f)
	if !w.struck(f) {
		return
	}
	time.Sleep(200 * time.Millisecond) // its other tasks go on meanwhile
	w.Logf("SIGSTOP to %v, while it commits a publication as %s", p, f.Hit())
	w.interrupt("SIGSTOP", p)
	p.signal(syscall.SIGSTOP)
	eventually(w.T, 40*time.Second, "others own what the hung one had", func() bool {
		return len(p.leads(sourceID))+len(p.leads(countID)) == 0
	})
	w.pause(time.Second, 2*time.Second)
	w.Logf("its commit arrives, and SIGCONT")
	f.Release()
	select {
	case <-f.Ended():
	case <-time.After(10 * time.Second):
		w.Error("the zombie's commit was not answered")
	}
	p.signal(syscall.SIGCONT)
	w.pause(2*time.Second, 3*time.Second)
	after := w.broker.network.Late()
	w.Logf("the zombie sent %d late writes; the broker took %d", after.Sent-before.Sent, len(after.Accepted))
	if !w.mutant && after.Sent == before.Sent {
		w.Error("the zombie sent no late write: that proves nothing")
	}
}

// struck waits until a fault has found its transaction. A mutant may have none.
func (w *world) struck(f *proxy.Fault) bool {
	w.Helper()
	select {
	case <-f.Struck():
		return true
	case <-time.After(30 * time.Second):
		if !w.mutant {
			w.Fatalf("there was no transaction of %s %s to disturb", f.ID, f.Client)
		}
		return false
	}
}

// unknown leaves two owners in doubt about the end of their transactions: one
// is never committed, of the other only the answer is lost.
func (w *world) unknown(lost, unheard proxy.Fault) {
	w.Helper()
	w.loaded()
	w.unsurprised()
	lost.Kind, unheard.Kind = proxy.LoseRequest, proxy.LoseAnswer
	for _, f := range []*proxy.Fault{w.broker.network.Inflict(lost), w.broker.network.Inflict(unheard)} {
		if w.struck(f) {
			defer func() {
				select {
				case <-f.Ended():
				case <-time.After(settleWithin):
					if !w.mutant {
						w.Errorf("%s was not fenced after the end of its transaction was lost", f.Hit())
					}
				}
			}()
			w.Logf("%s of %s is lost", [...]string{"the commit", "the answer to the commit"}[f.Kind], f.Hit())
		}
	}
}

var (
	aPublication = proxy.Fault{ID: check.DefaultTopics().Changelog, Finals: true}
	someSums     = proxy.Fault{ID: check.DefaultTopics().Positions}
)

// restartBroker kills the broker with -9 and starts it again.
func (w *world) restartBroker() {
	w.Helper()
	w.loaded()
	w.unsurprised()
	w.Logf("kill -9 of the broker")
	w.broker.kill()
	w.broker.start()
}

// pause waits a random time between two bounds.
func (w *world) pause(least, most time.Duration) {
	time.Sleep(least + time.Duration(w.random.Int64N(int64(most-least))))
}

// standstill is an interruption of the counts of some log partitions.
type standstill struct {
	what string
	from time.Time
	lost []int
}

// interrupt notes that a processor's counts stop now.
func (w *world) interrupt(what string, p *processor) {
	w.standstills = append(w.standstills, standstill{what, time.Now(), p.leads(countID)})
}

// reportStandstill logs how long the counts of lost partitions stood still: from
// the interruption to the next count, final or running, that was written, and
// that a reader saw.
func (w *world) reportStandstill() {
	w.Helper()
	var lines []string
	for _, s := range w.standstills {
		for _, partition := range s.lost {
			next, there := w.watch.After(partition, s.from)
			if !there {
				lines = append(lines, fmt.Sprintf("%-8s COUNT %d: no count after it", s.what, partition))
				continue
			}
			lines = append(lines, fmt.Sprintf("%-8s COUNT %d: next count written after %6d ms, seen after %6d ms", s.what, partition,
				next.Written.Sub(s.from).Milliseconds(), next.Seen.Sub(s.from).Milliseconds()))
		}
	}
	w.Logf("standstill:\n%s", strings.Join(lines, "\n"))
}
