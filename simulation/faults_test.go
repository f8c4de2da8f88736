package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// wreak lets things go wrong for a while, and starts again what is down.
func (w *world) wreak(d time.Duration) {
	rng := w.rand("faults", 0)
	end := time.Now().Add(d)
	next := time.Now()
	for time.Now().Before(end) {
		w.revive()
		if !time.Now().Before(next) {
			next = time.Now().Add(rng.around(w.plan.faultEvery))
			w.strike(rng)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// revive starts what is down and due. One host in reserve joins and leaves by
// chance alone.
func (w *world) revive() {
	for i, h := range w.hosts {
		running, due := h.up()
		if !running && due && (i < len(w.hosts)-1 || i < 2) {
			h.start()
		}
	}
}

// strike does one of the things that go wrong.
func (w *world) strike(rng chance) {
	kinds := []struct {
		weight int
		what   func(chance)
	}{
		{24, w.ambush}, {8, w.killNow}, {10, w.ambushApply},
		{12, w.loseAnswer}, {6, w.stopOne}, {8, w.hangOne}, {12, w.refuse}, {7, w.intrude},
		{3, w.brokerAway}, {2, w.growIngestion}, {5, w.slowReader}, {4, w.joinOrLeave}, {4, w.lie},
	}
	sum := 0
	for _, k := range kinds {
		sum += k.weight
	}
	n := rng.IntN(sum)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			k.what(rng)
			return
		}
	}
}

// someone is a host whose processor runs, or nil.
func (w *world) someone(rng chance) *host {
	running := w.running()
	if len(running) == 0 {
		return nil
	}
	return pick(rng, running)
}

func (w *world) comeback(rng chance) comeback {
	return comeback{
		after: rng.around(pick(rng, []time.Duration{200 * time.Millisecond, 3 * time.Second, 8 * time.Second})),
		store: pick(rng, []storeFault{keepStores, keepStores, loseWrites, loseWrites, emptyStores, damageStores}),
	}
}

// requests is a kind of request of a part of a processor.
type requests struct {
	name string
	is   func(f *frame) bool
}

var (
	anyRequest  = requests{"any request", func(*frame) bool { return true }}
	writesCount = requests{"a write of COUNT", func(f *frame) bool { return f.key == kmsg.Produce.Int16() && f.of("count") }}
	endsCount   = requests{"an end of a transaction of COUNT", func(f *frame) bool { return f.key == kmsg.EndTxn.Int16() && f.of("count") }}
	writesSums  = requests{"a write of PARTITION", func(f *frame) bool { return f.key == kmsg.Produce.Int16() && f.of("partition") }}
	endsSums    = requests{"an end of a transaction of PARTITION", func(f *frame) bool { return f.key == kmsg.EndTxn.Int16() && f.of("partition") }}
	fences      = requests{"a fence", func(f *frame) bool { return f.key == kmsg.InitProducerID.Int16() && !f.of("api") }}
	deletions   = requests{"a deletion of old records", func(f *frame) bool { return f.key == kmsg.DeleteRecords.Int16() }}
)

// nth matches the n-th request of a kind from now on, counting from 0.
func (r requests) nth(n int) func(f *frame) bool {
	return func(f *frame) bool {
		if !r.is(f) {
			return false
		}
		n--
		return n < 0
	}
}

// steps are the requests at which it matters most on which side of them a
// process dies; any other may be it, too.
func (w *world) step(rng chance) (r requests, n int) {
	if rng.oneIn(3) {
		return anyRequest, rng.IntN(400)
	}
	r = pick(rng, []requests{writesCount, writesCount, endsCount, endsCount, writesSums, endsSums, fences, deletions})
	return r, rng.IntN(12)
}

// ambush kills a process at its n-th request of some kind: before it gets
// through, or when the broker has obeyed and before the answer gets back.
func (w *world) ambush(rng chance) {
	h, how, after := w.someone(rng), w.comeback(rng), rng.oneIn(2)
	kind, n := w.step(rng)
	if h == nil {
		return
	}
	w.note("ambush for %s: %s, %d later, after it: %v", h.name, kind.name, n, after)
	h.alive().wire.set(&trap{match: kind.nth(n), after: after, spring: func() { h.kill(how) }})
}

// ambushApply kills a process when its transaction is committed and its store
// does not know, or has just got to know.
func (w *world) ambushApply(rng chance) {
	h, how, n := w.someone(rng), w.comeback(rng), rng.IntN(8)
	if h == nil {
		return
	}
	l := h.alive()
	l.mu.Lock()
	defer l.mu.Unlock()
	n += 2 * l.applies
	w.note("ambush for %s: at its store", h.name)
	l.atApply = func(at int) {
		if at == n {
			w.tally.add("kills between commit and store")
			h.kill(how)
		}
	}
}

func (w *world) killNow(rng chance) {
	h, how := w.someone(rng), w.comeback(rng)
	if h != nil {
		h.kill(how)
	}
}

// loseAnswer cuts a connection when the broker has obeyed a request, or just
// before: the outcome is unknown to the process.
func (w *world) loseAnswer(rng chance) {
	h, after := w.someone(rng), !rng.oneIn(4)
	kind, n := w.step(rng)
	if h == nil {
		return
	}
	w.note("%s loses the answer to %s, %d later, obeyed: %v", h.name, kind.name, n, after)
	h.alive().wire.set(&trap{match: kind.nth(n), after: after, spring: func() { w.tally.add("lost answers") }})
}

func (w *world) stopOne(rng chance) {
	h, d := w.someone(rng), rng.around(2*time.Second)
	if h == nil || len(w.running()) < 2 {
		return
	}
	w.tally.add("clean stops")
	w.lives.Go(func() {
		h.stop()
		time.Sleep(d)
	})
}

// hangOne lets a process' network hang, often for longer than its session, so
// that it comes back to partitions that others own.
func (w *world) hangOne(rng chance) {
	h, d := w.someone(rng), rng.around(pick(rng, []time.Duration{time.Second, 7 * time.Second, 9 * time.Second}))
	if h == nil {
		return
	}
	w.hang(h.alive(), d)
}

func (w *world) hang(l *life, d time.Duration) {
	w.note("%s hangs for %v", l.h.name, d)
	if d > 6*time.Second {
		w.tally.add("processes that outlived their session")
	}
	l.wire.hang()
	w.lives.Go(func() {
		time.Sleep(d)
		w.note("%s moves again", l.h.name)
		l.wire.resume()
	})
}

// refuse has the broker answer some requests with an error, before or, with
// the last two, after it obeyed.
func (w *world) refuse(rng chance) {
	f := pick(rng, []kfake.Fault{
		{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.UnknownServerError},
		{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.CoordinatorNotAvailable},
		{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.InvalidTxnState},
		{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.InvalidProducerEpoch},
		{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.ConcurrentTransactions},
		{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.CoordinatorLoadInProgress},
		{Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.ConcurrentTransactions},
		{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.topics.Changelog, Err: kerr.NotLeaderForPartition},
		{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.topics.Log, Err: kerr.UnknownServerError},
		{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.topics.Ingestion, Err: kerr.NotEnoughReplicas},
		{Keys: []kmsg.Key{kmsg.Fetch}, Topic: w.topics.Log, Err: kerr.LeaderNotAvailable},
		{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID},
		{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.RebalanceInProgress},
		{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.RequestTimedOut},
		{Keys: []kmsg.Key{kmsg.DeleteRecords}, Err: kerr.RequestTimedOut},
		{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.topics.Changelog, Err: kerr.NotEnoughReplicasAfterAppend},
		{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.topics.Log, Err: kerr.RequestTimedOut},
	})
	f.Count = 1 + rng.IntN(5)
	w.note("the broker answers %d of %v with %v", f.Count, f.Keys[0].Name(), f.Err)
	w.tally.addN("answers that were errors", f.Count)
	handle := w.cluster.Fault(f)
	w.lives.Go(func() {
		time.Sleep(5 * time.Second)
		handle.Remove()
	})
}

// intrude fences a task by a straggler: somebody initialises its transactional
// id and goes away, perhaps with a transaction open that has to expire.
func (w *world) intrude(rng chance) {
	id := fmt.Sprintf("%s/%d", w.topics.Changelog, rng.IntN(w.plan.logPartitions))
	if rng.oneIn(2) {
		id = fmt.Sprintf("%s/%d", w.topics.Positions, rng.IntN(w.plan.sources))
	}
	w.note("an intruder fences %s", id)
	w.tally.add("intruders")
	w.lives.Go(func() {
		cl := w.client(kgo.TransactionalID(id), kgo.TransactionTimeout(10*time.Second))
		defer cl.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if _, _, err := cl.ProducerID(ctx); err != nil {
			w.note("the intruder gave up: %v", err)
		}
	})
}

// brokerAway cuts everybody off for seconds, and refuses new connections.
func (w *world) brokerAway(rng chance) {
	d := rng.around(4 * time.Second)
	w.note("the broker is away for %v", d)
	w.tally.add("times that the broker was away")
	wires := []*wire{w.crowd.wires[0], w.crowd.wires[1]}
	var lives []*life
	for _, h := range w.running() {
		l := h.alive()
		lives, wires = append(lives, l), append(wires, l.wire)
	}
	for _, wire := range wires {
		wire.break_()
	}
	w.lives.Go(func() {
		time.Sleep(d)
		for i, wire := range wires {
			if i < 2 || lives[i-2].lives() {
				wire.mend()
			}
		}
	})
}

// lives says whether the process was neither killed nor has ended.
func (l *life) lives() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.dead
}

// growIngestion adds a partition to the ingestion topic.
func (w *world) growIngestion(rng chance) {
	n := len(w.cluster.PartitionInfos(w.topics.Ingestion)) + 1
	if n > w.plan.sources+2 {
		return
	}
	w.note("the ingestion topic grows to %d partitions", n)
	w.tally.add("partitions added")
	cl := w.client()
	defer cl.Close()
	if _, err := kadm.NewClient(cl).UpdatePartitions(context.Background(), n, w.topics.Ingestion); err != nil {
		w.note("it does not: %v", err)
	}
}

// slowReader lets what a process reads come slowly for some seconds.
func (w *world) slowReader(rng chance) {
	h, d, each := w.someone(rng), rng.around(8*time.Second), rng.around(400*time.Millisecond)
	if h == nil {
		return
	}
	l := h.alive()
	w.note("%s reads slowly for %v", h.name, d)
	w.tally.add("slow readers")
	l.wire.slow(func(f *frame) time.Duration { return each })
	w.lives.Go(func() {
		time.Sleep(d)
		l.wire.slow(nil)
	})
}

// joinOrLeave starts the host in reserve, or stops it.
func (w *world) joinOrLeave(chance) {
	h := w.hosts[len(w.hosts)-1]
	w.tally.add("members that joined or left")
	if h.alive() == nil {
		h.start()
		return
	}
	w.lives.Go(h.stop)
}

// lie has the group give all partitions to one more member than it says to the
// others: both own them with the group's blessing, and the fence decides.
func (w *world) lie(rng chance) {
	all := make([]int32, 8)
	for i := range all {
		all[i] = int32(i)
	}
	stage := pick(rng, []struct {
		group, topic string
		n            int
	}{
		{w.cfg.Group, w.topics.Ingestion, w.plan.sources}, {w.cfg.Group + "-count", w.topics.Log, w.plan.logPartitions},
	})
	who := rng.IntN(8)
	w.note("group %s will lie", stage.group)
	var once sync.Once
	w.cluster.ControlKey(kmsg.SyncGroup.Int16(), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		w.cluster.KeepControl()
		req := kreq.(*kmsg.SyncGroupRequest)
		if req.Group != stage.group || len(req.GroupAssignment) < 2 {
			return nil, nil, false
		}
		once.Do(func() {
			w.cluster.DropControl()
			a := &req.GroupAssignment[who%len(req.GroupAssignment)]
			said := kmsg.NewConsumerMemberAssignment()
			t := kmsg.NewConsumerMemberAssignmentTopic()
			t.Topic, t.Partitions = stage.topic, all[:stage.n]
			said.Topics = append(said.Topics, t)
			a.MemberAssignment = said.AppendTo(nil)
			w.tally.add("lies of the group")
		})
		return nil, nil, false
	})
}

// heal ends all faults, and waits until every task is at work again: the group
// has to say the truth once, and everybody to hear it.
func (w *world) heal() {
	w.note("healing")
	w.cluster.ControlKey(kmsg.SyncGroup.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) { return nil, nil, false })
	for _, h := range w.hosts {
		if l := h.alive(); l != nil {
			l.wire.mu.Lock()
			l.wire.traps = nil
			l.wire.mu.Unlock()
			l.mu.Lock()
			l.atApply = nil
			l.mu.Unlock()
		}
	}
	time.Sleep(20 * time.Second) // hangs, slowness and outages end by themselves
	for _, h := range w.hosts {
		h.stop() // whoever owns what the group had lied about gives it back
	}
	for _, h := range w.hosts[:2] {
		h.start()
	}
	deadline := time.Now().Add(2 * time.Minute)
	for w.behind() != nil && time.Now().Before(deadline) {
		time.Sleep(time.Second)
		w.revive()
	}
	if err := w.behind(); err != nil {
		w.fault("the processors do not catch up within two minutes of the last fault: %v", err)
	}
}

// behind says what is not yet read: every like in the log, by the positions'
// topic alone, is not for the harness to judge, so it asks for the group's
// commits, which follow within five seconds.
func (w *world) behind() error {
	for group, topic := range map[string]string{w.cfg.Group: w.topics.Ingestion, w.cfg.Group + "-count": w.topics.Log} {
		info := w.cluster.GroupInfo(group)
		if info == nil {
			return errors.New("no group")
		}
		for _, p := range w.cluster.PartitionInfos(topic) {
			at, ok := info.Commits[topic][p.Partition]
			// Likes go on, so the end moves.
			if !ok || time.Since(at.At) > 6*time.Second || at.Offset < p.HighWatermark-int64(100*max(1, w.plan.burst)) {
				return fmt.Errorf("%s/%d: %d of %d, %v ago", topic, p.Partition, at.Offset, p.HighWatermark, time.Since(at.At))
			}
		}
	}
	return nil
}
