package pipeline

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
)

// Config is what a processor is told. Everything without a remark must be set;
// package settings holds the defaults and bounds.
type Config struct {
	// Brokers are the seed brokers, host:port.
	Brokers []string
	// Client is added to the options of every Kafka client: a dialer, TLS,
	// SASL. May be empty.
	Client []kgo.Opt
	// Group is the consumer group of PARTITION; COUNT's is Group + "-count".
	Group string
	// Member names this process in logs and client ids. May be empty.
	Member string

	Topics              likes.Topics
	IngestionPartitions int                     // when the topic has to be created; it may grow later
	LogPartitions       int                     // never changes
	OutputPartitions    [len(likes.Windows)]int // of the aggregation topics
	Replication         int                     // of all topics; 3 brings two in sync
	IngestionRetention  time.Duration
	// CreateTime lets the ingestion topic keep its producers' timestamps
	// instead of the broker's.
	CreateTime bool

	Pane           time.Duration // length of a pane, whole milliseconds
	Grace          time.Duration // how long after a pane's end its likes may come
	IdleAfter      time.Duration // a source that has no more is taken to be this far behind the clock
	CommitInterval time.Duration // between two transactions of PARTITION
	LiveInterval   time.Duration // between two running counts of a video, at least
	LiveBudget     int           // running counts per second and partition, at most

	// PartRecords is about how many records one transaction of a publication
	// has, 0 meaning 100,000, and bounds how many a restore applies at once. It
	// is no setting: tests make parts that can be crashed between without
	// publishing as much as that.
	PartRecords int

	// Dev makes whoever runs PARTITION 0 create one like per DevInterval.
	Dev         bool
	DevInterval time.Duration

	Stores  Stores
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Health  Health
}

// Stores keeps the stores of the log partitions. Its methods are called by
// several goroutines, but for one partition by one at a time.
type Stores interface {
	// Open opens the store of a log partition, or creates it. A store that is
	// damaged or of another version is an error that wraps state.ErrDamaged.
	Open(partition int) (state.Store, error)
	// Destroy deletes the store of a log partition. It must be closed.
	Destroy(partition int) error
	// Partitions are those that have a store.
	Partitions() ([]int, error)
}

// Health is told how the parts of the processor are. Its methods are called by
// several goroutines.
type Health interface {
	// Set says that a part is well, err being nil, or why it is not ready.
	Set(part string, err error)
}

func (c *Config) validate() error {
	for _, bad := range []struct {
		wrong bool
		what  string
	}{
		{len(c.Brokers) == 0, "no brokers"},
		{c.Group == "", "no group"},
		{c.IngestionPartitions < 1 || c.LogPartitions < 1, "fewer than one partition"},
		{c.Replication < 1, "replication below 1"},
		{c.Pane < time.Millisecond || c.Pane%time.Millisecond != 0, "a pane that is not whole milliseconds"},
		{c.Grace < 0 || c.IdleAfter < 0, "a negative grace or idle limit"},
		{c.CommitInterval <= 0 || c.LiveInterval <= 0 || c.LiveBudget < 1, "a commit interval, live interval or live budget that is not positive"},
		{c.PartRecords < 0 || c.PartRecords > partRecords, fmt.Sprintf("parts of %d records, expected 0 to %d", c.PartRecords, partRecords)},
		{c.Dev && c.DevInterval <= 0, "a development interval that is not positive"},
		{c.Stores == nil || c.Log == nil || c.Metrics == nil || c.Health == nil, "no stores, log, metrics or health"},
	} {
		if bad.wrong {
			return fmt.Errorf("processor configuration: %s", bad.what)
		}
	}
	return nil
}

// Bounds that are no settings: nobody has a reason to choose them.
const (
	// transactionTimeout is after how long the broker aborts a transaction
	// whose owner is gone and that nobody has fenced.
	transactionTimeout = 10 * time.Second
	// commitTimeout bounds a transaction from its first record to its end. What
	// has not ended by then has an unknown outcome.
	commitTimeout = transactionTimeout
	// requestTimeout bounds the initialisation of a producer id, and every other
	// single request.
	requestTimeout = 10 * time.Second
	// fetchWait is how long a broker may wait for news before it answers a fetch
	// with none. A task that starts waits as long at worst, since a fetch under
	// way does not learn of its partition.
	fetchWait = 200 * time.Millisecond
	// revokeTimeout is how long a group callback waits for a task to stop.
	revokeTimeout = 500 * time.Millisecond
	// stopTimeout bounds a clean stop.
	stopTimeout = 10 * time.Second
	// sessionTimeout is after how long without a heartbeat the group gives a
	// member's partitions away.
	sessionTimeout    = 6 * time.Second
	heartbeatInterval = time.Second
	// rebalanceTimeout is for how long a rebalance waits for a member that does
	// not join it. Nothing slow runs in a group callback, so who is alive joins
	// at its next heartbeat. It also bounds how long the end of a process waits
	// for a join that is under way.
	rebalanceTimeout = sessionTimeout
	// metadataMaxAge bounds how long a new partition goes unnoticed.
	metadataMaxAge = 10 * time.Second
	// partRecords is about how many records a transaction of a publication has,
	// unless Config.PartRecords says less.
	partRecords = 100_000
	// replayPanes is how many panes may be due before a leader publishes that
	// has not yet read the log again to where the one before may have been. One
	// that was at work had a pane or two to publish; after hours of standstill
	// the rest need not wait in memory.
	replayPanes = 3
	// minBackoff and maxBackoff are between two attempts of a task.
	minBackoff = 50 * time.Millisecond
	maxBackoff = 2 * time.Second
	// endsInterval is how often the broker is asked for the ends of the
	// ingestion partitions.
	endsInterval = time.Second
	// offsetsInterval is how often the group's offsets, for lag tools, are
	// committed.
	offsetsInterval = 5 * time.Second
	// unusedStoreAfter is how long a store is kept that nobody works on.
	unusedStoreAfter = 10 * time.Minute
)
