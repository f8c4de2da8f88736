package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"distributed-counter/gateway/feed"
	"distributed-counter/gateway/replicas"
	"distributed-counter/gateway/socketio"
	"distributed-counter/gateway/socketio/engineio"
)

// shutdownTimeout is how long requests may take to end when the gateway stops.
// Sessions are closed before, and their clients go to another replica.
const shutdownTimeout = 5 * time.Second

// gateway is the parts, wired.
type gateway struct {
	cfg      Config
	feed     *feed.Feed
	io       *socketio.Server
	rooms    *rooms
	replicas *replicas.Replicas
	conns    *connections
	metrics  *metrics
	page     *page
	cors     cors
}

// Run serves until ctx ends: then it refuses new clients, tells those there are
// to go, finishes requests that have begun, and returns nil. It starts without
// Kafka, and outlives everything that happens to it; the error is that of a
// Config, or of the listener.
func Run(ctx context.Context, cfg Config) error {
	g, err := newGateway(cfg)
	if err != nil {
		if cfg.Listener != nil {
			_ = cfg.Listener.Close()
		}
		return err
	}
	parts, ctx := errgroup.WithContext(ctx)
	g.rooms.stopping = ctx.Done()
	parts.Go(func() error { return g.feed.Run(ctx) })
	parts.Go(func() error { return g.io.Run(ctx) })
	parts.Go(func() error { return g.replicas.Run(ctx) })
	parts.Go(func() error { return g.serve(ctx) })
	return parts.Wait()
}

func newGateway(cfg Config) (*gateway, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	g := &gateway{cfg: cfg, cors: newCORS(cfg.Origins), conns: newConnections(cfg)}
	if g.page, err = newPage(cfg.Page); err != nil {
		return nil, err
	}
	g.replicas, err = replicas.New(replicas.Config{Peers: cfg.Peers, MaxForwards: cfg.MaxClients, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	g.rooms = newRooms(cfg)
	engine := cfg.engine()
	engine.Replica, engine.Foreign = g.replicas.Name(), g.replicas.Forward
	g.io, err = socketio.New(socketio.Config{
		Engine:     engine,
		Namespaces: map[string]socketio.Handler{"/": g.rooms},
	})
	if err != nil {
		return nil, fmt.Errorf("make the Socket.IO server: %w", err)
	}
	g.feed, err = feed.New(feed.Config{
		Brokers: cfg.Brokers, Topics: cfg.Topics, Pane: cfg.Pane, Audience: g.rooms,
		Health: cfg.Health, Log: cfg.Log, Metrics: cfg.Metrics, Kafka: cfg.Kafka,
	})
	if err != nil {
		return nil, err
	}
	g.rooms.feed, g.rooms.all = g.feed, g.io.Namespace("/")
	g.metrics, err = newMetrics(cfg.Metrics, g)
	return g, err
}

// engine is how clients are treated. A queue has room for everything that is
// known of every room of a client, so that only who does not read for long
// loses the connection.
func (c *Config) engine() engineio.Config {
	const (
		spare      = 256  // messages that are no counts
		countBytes = 1024 // of a running record with the longest id
	)
	messages := c.MaxRooms*(1+len(c.EventNames)) + spare
	return engineio.Config{
		MaxPayload:    c.MaxPayload,
		MaxSessions:   c.MaxClients,
		MaxPerAddress: c.MaxPerAddress,
		MaxQueue:      max(messages, 1024),
		MaxQueueBytes: max(messages*countBytes, 1<<20),
		Origins:       c.Origins,
		ClientAddress: c.address,
	}
}

// address is whom a request counts against.
func (c *Config) address(r *http.Request) string {
	if c.AddressHeader != "" {
		if said := r.Header.Values(c.AddressHeader); len(said) > 0 {
			last := said[len(said)-1]
			return network(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]))
		}
	}
	return hostOf(r.RemoteAddr)
}

// hostOf is whom a connection from an address, host:port, counts against.
func hostOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	return network(host)
}

// network is the part of an address that tells clients apart.
func network(host string) string {
	// Who has one IPv6 address has 2⁶⁴.
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() && !ip.Is4In6() {
		return netip.PrefixFrom(ip.WithZone(""), 64).Masked().String()
	}
	return host
}

// serve answers requests until ctx ends, and then finishes those that have
// begun.
func (g *gateway) serve(ctx context.Context) error {
	server := &http.Server{
		Handler:           g,
		ReadHeaderTimeout: 5 * time.Second, // what follows has deadlines of its own: a poll lasts
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(g.cfg.Log.Handler(), slog.LevelDebug),
	}
	g.conns.serve(server)
	g.cfg.Log.Info("gateway serves", "addr", g.cfg.Listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(g.cfg.Listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the gateway: %w", err)
	case <-ctx.Done():
	}
	if g.cfg.Health != nil {
		g.cfg.Health.NotReady("shutting down")
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if server.Shutdown(ending) != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the gateway: %w", err)
	}
	return nil
}

// turns is how many clients may be told what is known at the same time. The
// feed and everybody else have the other processors, however many register.
func turns() int { return max(1, runtime.GOMAXPROCS(0)/2) }
