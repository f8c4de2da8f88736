package engineio

import (
	"net"
	"net/http"
	"time"
)

// What does not need a setting.
const (
	closeTimeout = time.Second            // for the last frames of a session that ends
	linger       = time.Second            // that a polling client has to fetch the last word
	noopDelay    = 100 * time.Millisecond // that a GET during an upgrade waits for its end
	batchBytes   = 64 << 10               // written to a WebSocket at once, or put into one GET's answer
	sendBuffer   = 64 << 10               // bytes the kernel may hold for one WebSocket client
	readBuffer   = 512                    // bytes a WebSocket keeps for reading while idle
	freeBytes    = 4 << 10                // a message being read up to this size is not counted
)

// Config says how a Server treats its clients. The zero value is a sensible
// server that accepts same-origin browsers and all other programs.
type Config struct {
	// Open is told of each new session, before anything is read from it, and
	// says who receives its messages. It must not block. Required.
	Open func(*Session) Receiver

	PingInterval   time.Duration // between a pong and the next ping; 25 s
	PingTimeout    time.Duration // for the pong; 60 s, browsers throttle sleeping tabs
	UpgradeTimeout time.Duration // from the WebSocket's opening to the upgrade packet; 10 s
	ConnectTimeout time.Duration // until Session.Establish; 20 s
	WriteTimeout   time.Duration // for 64 KiB to a WebSocket, then the client is slow; 10 s

	MaxPayload    int   // bytes in one message or one POST, after decompression; 1,000,000
	MaxReadBytes  int64 // bytes of messages half read, of all clients together; 64 MiB
	MaxQueue      int   // messages queued for one client; 4,096
	MaxQueueBytes int   // bytes queued for one client; 1 MiB
	// MaxQueuedBytes are queued for all clients together; 128 MiB. While there are
	// more, a client may queue its share of them, by MaxSessions, or 4 KiB.
	MaxQueuedBytes int64

	MaxSessions   int // 20,000
	MaxPending    int // sessions not yet established; 5,000
	MaxPerAddress int // sessions of one client address; 0 sets no bound

	PacketRate  int // packets a second from one client, in the long run; 100
	PacketBurst int // packets at once; 1,000

	CompressFrom int // bytes from which a WebSocket message is deflated; 1,024

	// Origins are the values of the Origin header that are served besides the
	// server's own; "*" stands for all. Requests without the header always are.
	Origins []string
	// Replica begins every sid, where several servers are behind one address: it
	// is this one's name among them, of letters, digits, "-" and "_".
	Replica string
	// Foreign serves a request whose sid does not begin with Replica, and reports
	// whether it answered; a sid that nobody answers for is unknown. nil: nobody.
	Foreign func(w http.ResponseWriter, r *http.Request, sid string) bool
	// ClientAddress names the client for MaxPerAddress; by default the host part
	// of the request's RemoteAddr. Behind a balancer, take the header it sets.
	ClientAddress func(*http.Request) string
}

// withDefaults fills in what was left at zero.
func (c Config) withDefaults() Config {
	durations := []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&c.PingInterval, 25 * time.Second},
		{&c.PingTimeout, 60 * time.Second},
		{&c.UpgradeTimeout, 10 * time.Second},
		{&c.ConnectTimeout, 20 * time.Second},
		{&c.WriteTimeout, 10 * time.Second},
	}
	for _, d := range durations {
		if *d.value <= 0 {
			*d.value = d.fallback
		}
	}
	counts := []struct {
		value    *int
		fallback int
	}{
		{&c.MaxPayload, 1_000_000},
		{&c.MaxQueue, 4_096},
		{&c.MaxQueueBytes, 1 << 20},
		{&c.MaxSessions, 20_000},
		{&c.MaxPending, 5_000},
		{&c.PacketRate, 100},
		{&c.PacketBurst, 1_000},
		{&c.CompressFrom, 1_024},
	}
	for _, n := range counts {
		if *n.value <= 0 {
			*n.value = n.fallback
		}
	}
	if c.MaxQueuedBytes <= 0 {
		c.MaxQueuedBytes = 128 << 20
	}
	if c.MaxReadBytes <= 0 {
		c.MaxReadBytes = 64 << 20
	}
	if c.ClientAddress == nil {
		c.ClientAddress = remoteHost
	}
	return c
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
