package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// member is this process in the group of a stage. Its client joins the group
// and fetches nothing: the group only says which tasks to run.
type member struct {
	w     *worker
	stage *stage
	cl    *kgo.Client
	fatal chan<- error

	mu      sync.Mutex // guards joined, refusal, running and what is revoked
	joined  bool       // whether the group has dealt out partitions to us, be it none
	refusal error      // why the group did not let us in, the last time it was asked; nil once it did
	running map[int32]*runningTask
	tasks   sync.WaitGroup
}

type runningTask struct {
	task    *task
	stop    context.CancelFunc
	done    chan struct{}
	revoked bool // the partition may be another member's by now
}

func (r *runningTask) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// join joins the group. Tasks start as partitions are assigned, and live
// until ctx is done or their partition is taken away. An error that no retry
// would mend goes to fatal, which must have room for it.
func (w *worker) join(ctx context.Context, s *stage, fatal chan<- error) (*member, error) {
	m := &member{w: w, stage: s, fatal: fatal, running: make(map[int32]*runningTask)}
	m.mu.Lock() // callbacks need the client
	defer m.mu.Unlock()
	cl, err := kgo.NewClient(append(w.cfg.clientOptions(s.name),
		kgo.ConsumerGroup(s.group),
		kgo.ConsumeTopics(s.topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(sessionTimeout),
		kgo.HeartbeatInterval(heartbeatInterval),
		kgo.RebalanceTimeout(rebalanceTimeout),
		kgo.DisableAutoCommit(),
		kgo.WithHooks(m),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) { m.assigned(ctx, got[s.topic]) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { m.revoked(lost[s.topic]) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { m.lost(lost[s.topic]) }),
	)...)
	if err != nil {
		return nil, fmt.Errorf("join group %s: %w", s.group, err)
	}
	cl.PauseFetchTopics(s.topic)
	m.cl = cl
	return m, nil
}

// assigned starts tasks. It is a group callback and does nothing slow: a task
// whose predecessor in this process has not ended yet waits for it in its own
// goroutine.
func (m *member) assigned(ctx context.Context, partitions []int32) {
	defer m.report()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.joined, m.refusal = true, nil
	for _, p := range partitions {
		before := m.running[p]
		ctx, stop := context.WithCancel(ctx)
		r := &runningTask{
			task: &task{
				w: m.w, stage: m.stage, partition: p,
				log:  m.w.cfg.Log.With("stage", m.stage.name, "partition", p),
				ends: make(chan end, 1), report: m.report,
			},
			stop: stop, done: make(chan struct{}),
		}
		m.running[p] = r
		m.tasks.Go(func() {
			defer close(r.done)
			defer stop()
			if before != nil {
				<-before.done
			}
			if ctx.Err() != nil {
				return // taken away again, or the process is ending
			}
			if m.stage.name == stageCount {
				m.w.stores.use(p, +1)
				defer m.w.stores.use(p, -1)
			}
			if err := r.task.run(ctx, m.ask); err != nil {
				select {
				case m.fatal <- err:
				default: // the process is ending already
				}
			}
		})
	}
}

// revoked tells tasks to stop, and waits for them a moment: what they still do
// after that is refused by the fence of their successors.
func (m *member) revoked(partitions []int32) {
	timeout := time.NewTimer(revokeTimeout)
	defer timeout.Stop()
	var stopping []*runningTask
	m.mu.Lock()
	for _, p := range partitions {
		if r := m.running[p]; r != nil {
			r.stop()
			r.revoked = true
			m.w.metrics.lag.DeleteLabelValues(m.stage.name, fmt.Sprint(p))
			stopping = append(stopping, r)
		}
	}
	m.mu.Unlock()
	for _, r := range stopping {
		select {
		case <-r.done:
		case <-timeout.C:
			return
		}
	}
}

// lost is revoked for a member that the group does not know any more.
func (m *member) lost(partitions []int32) {
	m.mu.Lock()
	m.joined = false
	m.mu.Unlock()
	m.revoked(partitions)
	m.report()
}

// outside says that the member is in no group.
func (m *member) outside() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.joined
}

// ask asks the group whether it knows this member in its current generation.
func (m *member) ask(ctx context.Context) error {
	id, generation := m.cl.GroupMetadata()
	if id == "" || generation < 0 {
		return errors.New("not in the group")
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = m.stage.group, id, generation
	resp, err := req.RequestWith(ctx, m.cl)
	if err != nil {
		return fmt.Errorf("ask group %s: %w", m.stage.group, err)
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}

// commitOffsets commits how far the tasks are as the group's offsets: for lag
// tools, and for whoever takes the group over with another program. They are
// no part of what makes counting exact.
func (m *member) commitOffsets(ctx context.Context) {
	id, generation := m.cl.GroupMetadata()
	if id == "" || generation < 0 {
		return // not in the group
	}
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic, topic.TopicID = m.stage.topic, m.w.ids[m.stage.topic] // it depends on the version which one counts
	m.mu.Lock()
	for p, r := range m.running {
		if at, ok := r.task.progress.at(); ok && !r.revoked {
			partition := kmsg.NewOffsetCommitRequestTopicPartition()
			partition.Partition, partition.Offset = p, at
			topic.Partitions = append(topic.Partitions, partition)
		}
	}
	m.mu.Unlock()
	if len(topic.Partitions) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, offsetsInterval)
	defer cancel()
	// The client's own way waits for a rebalance to end, behind a lock that no
	// context opens. This may be refused instead, and is made up for by the next.
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.MemberID, req.Generation = m.stage.group, id, generation
	req.Topics = append(req.Topics, topic)
	if _, err := req.RequestWith(ctx, m.cl); err != nil && ctx.Err() == nil {
		m.w.cfg.Log.Debug("commit offsets", "group", m.stage.group, "err", err)
	}
}

// run commits offsets now and then until ctx is done.
func (m *member) run(ctx context.Context) {
	for sleep(ctx, offsetsInterval) {
		m.commitOffsets(ctx)
	}
}

// leave waits for the tasks, whose context must be done, and leaves the group,
// so that the others need not wait for the end of the session.
func (m *member) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	ended := make(chan struct{})
	go func() { m.tasks.Wait(); close(ended) }()
	select {
	case <-ended:
		m.commitOffsets(ctx)
	case <-ctx.Done():
		m.w.cfg.Log.Warn("tasks did not stop in time", "stage", m.stage.name)
	}
	if err := m.cl.LeaveGroupContext(ctx); err != nil {
		m.w.cfg.Log.Debug("leave group", "group", m.stage.group, "err", err)
	}
	m.cl.Close()
}
