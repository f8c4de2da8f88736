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
		if w.honest.Load() {
			w.cluster.DropControl()
			return nil, nil, false
		}
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
	w.honest.Store(true)
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
	again := time.Now()
	for w.behind(again) != nil && time.Since(again) < 2*time.Minute {
		time.Sleep(time.Second)
		w.revive()
	}
	if err := w.behind(again); err != nil {
		w.fault("the processors do not catch up within two minutes of the last fault: %v", err)
	}
}

// behind says what is still to be read by tasks that were started since an
// instant. It knows from the group's commits: a task that is at work makes one
// every five seconds.
func (w *world) behind(since time.Time) error {
	for group, topic := range map[string]string{w.cfg.Group: w.topics.Ingestion, w.cfg.Group + "-count": w.topics.Log} {
		info := w.cluster.GroupInfo(group)
		if info == nil {
			return errors.New("no group")
		}
		for _, p := range w.cluster.PartitionInfos(topic) {
			at, ok := info.Commits[topic][p.Partition]
			// Likes go on, so the end moves.
			if !ok || !at.At.After(since) || at.Offset < p.HighWatermark-int64(100*max(1, w.plan.burst)) {
				return fmt.Errorf("%s/%d: %d of %d, %v ago", topic, p.Partition, at.Offset, p.HighWatermark, time.Since(at.At))
			}
		}
	}
	return nil
}
