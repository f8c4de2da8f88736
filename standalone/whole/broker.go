package whole

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// broker is kfake with its data on disk. It writes each batch to its file
// before it answers, and leaves it to the system when the disk has it, as
// Kafka does: what was acknowledged outlives a kill of the process, but a loss
// of power may take the last seconds. To wait for the disk each time would
// cost two syncs per batch, some hundred a second without a single like.
type broker struct{ cluster *kfake.Cluster }

// noCleaner is longer than any run. kfake's cleaner does not look at open or
// aborted transactions, and can drop the last committed value of a key; and a
// partition that retention has emptied begins at offset 0 after a restart. So
// nothing is ever cleaned, and the folder grows.
const noCleaner = 100 * 365 * 24 * time.Hour

// openBroker starts the broker on a listener, which is closed with it, and
// with what the data directory has.
func openBroker(l net.Listener, dataDir string, log *slog.Logger) (*broker, error) {
	dir := filepath.Join(dataDir, "kafka")
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ClusterID("embedded"),
		kfake.DataDir(dir),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return advertised(l), nil }),
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": fmt.Sprint(noCleaner.Milliseconds())}),
		kfake.WithLogger(brokerLog{log.With("from", "embedded broker")}),
	)
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("start the embedded broker on %s: move that folder away to begin anew, or set COUNTER_DATA_DIR to another: %w", dir, err)
	}
	return &broker{cluster}, nil
}

func (b *broker) addrs() []string { return b.cluster.ListenAddrs() }

// close writes everything to disk. Its clients must be gone: a transaction
// that is open then is aborted by the next start.
func (b *broker) close() { b.cluster.Close() }

// advertised is a listener whose address a client can dial, also where it
// listens on all of them: the broker tells its clients where it is.
func advertised(l net.Listener) net.Listener {
	if a, ok := l.Addr().(*net.TCPAddr); ok && a.IP.IsUnspecified() {
		return dialable{l, net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: a.Port}}
	}
	return l
}

type dialable struct {
	net.Listener
	addr net.TCPAddr
}

func (d dialable) Addr() net.Addr { return &d.addr }

// brokerLog is what the broker says that an operator should know.
type brokerLog struct{ log *slog.Logger }

func (b brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	to := slog.LevelDebug
	switch {
	case level == kfake.LogLevelError:
		to = slog.LevelError
	case level == kfake.LogLevelWarn && !strings.Contains(format, " slow"): // of each transaction over 5 ms
		to = slog.LevelWarn
	}
	if b.log.Enabled(context.Background(), to) {
		b.log.Log(context.Background(), to, fmt.Sprintf(format, args...))
	}
}
