package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/gateway/feed"
	"distributed-counter/likes"
)

// Config is what a gateway is made of. Listener, Brokers and Pane are required;
// of the others the zero value is what it says.
type Config struct {
	Listener net.Listener // closed by Run
	// Brokers are the Kafka brokers to ask first, host:port each.
	Brokers []string
	Topics  likes.Topics // zero: the default names
	// Pane is the length of the shortest window, that of the processors.
	Pane time.Duration

	// EventNames are those of final counts, by row of likes.Windows; by
	// default the original's.
	EventNames [len(likes.Windows)]string
	// Origins are those whose pages may use the gateway from a browser besides
	// its own page; "*" alone for all. Programs that are no browsers send no
	// Origin and are always served.
	Origins []string
	// Page is what is served at /: its index.html, and files beside it. Those
	// below assets/ have names that change with their content. nil: a line of
	// text. It is read once, by Run.
	Page fs.FS
	// APIURL is where the page sends likes; a URL that begins with a colon,
	// ":3000/dev", is on the host that the page came from. By default that one.
	APIURL string

	MaxRooms   int // in a client's list; 200
	MaxClients int // at once; 20,000; and twice as many connections that are no WebSockets
	// MaxPerAddress bounds the clients of one address, an IPv6 network of 64 bits
	// being one, and beside them its connections that have had no request yet; 0:
	// no bound.
	MaxPerAddress int
	MaxPayload    int // bytes in one message of a client; 1,000,000
	// AddressHeader is a header that a proxy in front always sets, such as
	// X-Forwarded-For, whose last entry is the client's address. "": the
	// connection's address is the client's.
	AddressHeader string

	// Peers are where the gateways behind the same balancer serve, host:port each,
	// this one itself among them or not; a name with several addresses stands for
	// as many gateways. They pass polling clients' requests on to each other.
	Peers []string

	Health  feed.Health           // told when counts are known; nil for nobody
	Log     *slog.Logger          // nil: nothing is logged
	Metrics prometheus.Registerer // nil: not registered
	// Kafka are options for the Kafka client beside ours.
	Kafka []kgo.Opt
}

// withDefaults fills in what was left open, or says what is missing.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Listener == nil:
		return c, errors.New("gateway: a listener is required")
	case len(c.Brokers) == 0:
		return c, errors.New("gateway: a broker is required")
	case c.Pane < time.Millisecond:
		return c, fmt.Errorf("gateway: pane of %v, expected a millisecond or more", c.Pane)
	}
	if c.Topics == (likes.Topics{}) {
		c.Topics = likes.DefaultTopics()
	}
	for i, name := range [...]string{"live_aggregations_1", "live_aggregations_5", "live_aggregations_10"} {
		if c.EventNames[i] == "" {
			c.EventNames[i] = name
		}
	}
	if c.APIURL == "" {
		c.APIURL = ":3000/dev"
	}
	for _, n := range []struct {
		value    *int
		fallback int
	}{{&c.MaxRooms, 200}, {&c.MaxClients, 20_000}, {&c.MaxPayload, 1_000_000}} {
		if *n.value <= 0 {
			*n.value = n.fallback
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
