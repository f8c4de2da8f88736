package proxy_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/chaos/proxy"
)

const (
	topic = "numbers"
	id    = "numbers/0"
)

// network is a broker behind a proxy.
func network(t *testing.T) (*proxy.Proxy, string) {
	t.Helper()
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	p, err := proxy.Start(addr, broker.ListenAddrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, addr
}

// producer makes a producer of the transactional id, whose clients go by the
// proxy whatever address the broker names.
func producer(t *testing.T, addr, name string) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(addr), kgo.ClientID(name), kgo.TransactionalID(id), kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RetryTimeout(2*time.Second),
		kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// commit writes one record in a transaction.
func commit(cl *kgo.Client, value string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	if err := cl.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr(); err != nil {
		return err
	}
	return cl.EndTransaction(ctx, kgo.TryCommit)
}

func fence(t *testing.T, cl *kgo.Client) {
	t.Helper()
	if _, _, err := cl.ProducerID(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// read are the committed values.
func read(t *testing.T, addr string, want int) (values []string) {
	t.Helper()
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for len(values) < want && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

func TestPassesThrough(t *testing.T) {
	p, addr := network(t)
	a := producer(t, addr, "a")
	if err := commit(a, "1"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, addr, 1); len(got) != 1 || got[0] != "1" {
		t.Errorf("read: got %v, want 1", got)
	}
	if f := p.Fence(id); f.Client != "a" || f.Count != 1 {
		t.Errorf("fence: got %+v, want one by a", f)
	}
}

// A commit that is lost is never made; one whose answer is lost is. Neither
// owner is told.
func TestLose(t *testing.T) {
	for _, c := range []struct {
		name string
		kind int
		want []string
	}{
		{"the request", proxy.LoseRequest, []string{"after"}},
		{"the answer", proxy.LoseAnswer, []string{"doubtful", "after"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, addr := network(t)
			a := producer(t, addr, "a")
			fence(t, a)
			f := p.Inflict(proxy.Fault{Kind: c.kind, ID: "numbers"})
			if err := commit(a, "doubtful"); err == nil {
				t.Error("commit: no error, want one")
			}
			<-f.Struck()
			b := producer(t, addr, "b")
			fence(t, b)
			<-f.Ended()
			if err := commit(b, "after"); err != nil {
				t.Fatal(err)
			}
			got := read(t, addr, len(c.want))
			if len(got) != len(c.want) || got[0] != c.want[0] {
				t.Errorf("committed: got %v, want %v", got, c.want)
			}
		})
	}
}

// A commit that arrives after its owner was fenced is seen to be late, and to
// be refused.
func TestHold(t *testing.T) {
	p, addr := network(t)
	a, b := producer(t, addr, "a"), producer(t, addr, "b")
	fence(t, a)
	other := p.Inflict(proxy.Fault{Kind: proxy.Hold, ID: "letters"})
	f := p.Inflict(proxy.Fault{Kind: proxy.Hold, ID: "numbers", Client: "a"})
	done := make(chan error, 1)
	go func() { done <- commit(a, "late") }()
	if got := f.Hit(); got != id {
		t.Errorf("held: got %s, want %s", got, id)
	}
	fence(t, b)
	f.Release()
	if err := <-done; err == nil {
		t.Error("the late commit: no error, want one")
	}
	<-f.Ended()
	if late := p.Late(); late.Sent < 1 || len(late.Accepted) > 0 {
		t.Errorf("late: got %+v, want at least one sent and none accepted", late)
	}
	select {
	case <-other.Struck():
		t.Error("a fault struck another transactional id than its own")
	default:
	}
	p.Remove(other)
}
