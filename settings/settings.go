package settings

import (
	"log/slog"
	"time"

	"distributed-counter/likes"
)

// Settings are the values of all settings, checked. Only [Load] makes them.
// Bounds and defaults are in the table that [Describe] prints.
type Settings struct {
	Dev       bool       // MODE=dev: one processor makes a like now and then
	LogLevel  slog.Level // the lowest level that is logged
	LogFormat string     // "auto" (text on a terminal, JSON elsewhere), "text" or "json"

	Brokers []string // host:port each, at least one

	KafkaTLS      bool   // and what follows: see KafkaOptions
	KafkaTLSCA    string // a file in PEM; empty: whom the system trusts
	KafkaSASL     string // "none", "plain", "scram-sha-256", "scram-sha-512" or "aws-msk-iam"
	KafkaUser     string // of SASL
	KafkaPassword string

	Replication int    // of the topics we create; 3 and more bring two in sync
	Group       string // the group of the partition stage; the count stage appends "-count"

	Topics     likes.Topics // the internal names filled in
	Partitions Partitions

	APIAddr     string // host:port; port 0 takes a free one; so for all four
	GatewayAddr string
	AdminAddr   string
	KafkaAddr   string // where the embedded broker listens

	DataDir             string // relative to the working directory or absolute
	StoreCacheMiB       int    // RocksDB's, of all stores of a process
	StoreWriteBufferMiB int    // RocksDB's, of each store

	Pane               time.Duration // length of the shortest window, whole milliseconds
	Grace              time.Duration // how long after its end a window stays open
	IdleAfter          time.Duration // after which a partition without likes follows the clock
	CommitInterval     time.Duration // between transactions of the partition stage
	LiveInterval       time.Duration // between running counts of one video
	LiveBudget         int           // running counts per second and partition
	EventTime          string        // "append" or "create": what the ingestion topic is created with
	IngestionRetention time.Duration // of the ingestion topic
	DevInterval        time.Duration // between two likes of MODE=dev

	APIDeadline time.Duration // from a request to its answer; below Grace
	APIOrigins  []string      // for CORS; "*" alone allows all; empty allows none
	APIStages   []string      // path prefixes that are accepted beside none
	APIInFlight int           // likes waiting for Kafka in one process; more are told 429
	VideosFile  string        // a JSON list of videos; empty is the built-in list

	EventNames [len(likes.Windows)]string // of the gateway's final counts, by row of likes.Windows

	GatewayOrigins       []string // whose pages may read counts; "*" alone allows all; empty allows its own alone
	GatewayRooms         int      // videos that one client may watch
	GatewayClients       int      // of one gateway
	GatewayPerAddress    int      // clients of one address; 0 sets no bound
	GatewayMaxPayload    int      // bytes in one message of a client
	GatewayPeers         []string // where gateways behind one balancer serve; empty: each on its own
	GatewayAddressHeader string   // whose last entry is the client's address; empty: the connection's
	PageAPI              string   // where the page sends likes: a URL, or ":port/path" on the page's own host
}

// Partitions are the numbers of partitions the topics are created with. The
// other topics follow from these two.
type Partitions struct {
	Ingestion    int
	Log          int
	Aggregations [len(likes.Windows)]int
}

// Note is something that a person should know about the environment and that
// is no error. Mains log each once, at the start.
type Note struct {
	Name string // of the variable
	Text string // such as "has no use here and is ignored"
}
