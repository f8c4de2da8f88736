package whole

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"distributed-counter/admin"
	"distributed-counter/functions/api"
	"distributed-counter/gateway/server"
	gatewaysetup "distributed-counter/gateway/setup"
	"distributed-counter/processor/pipeline"
	"distributed-counter/processor/setup"
	"distributed-counter/processor/state"
	"distributed-counter/settings"
	"distributed-counter/web"
)

// Config is what [Run] is told; all of it but Show must be set.
type Config struct {
	Settings settings.Settings
	Log      *slog.Logger
	// Show is run beside the parts, from before they are ready, until its
	// context ends. It shows the counts, or does whatever else somebody wants
	// of a whole that runs; its error ends the whole.
	Show func(context.Context, Place) error
}

// Place is where the parts of a whole are.
type Place struct {
	API    string   // host:port, as all of them
	Page   string   // the gateway, with the page
	Kafka  []string // the embedded broker
	Admin  string
	Videos []api.Video     // the list that the API serves
	Ready  <-chan struct{} // closed once likes are counted
}

// Run counts likes until ctx ends. Then it answers the likes that are on their
// way, commits what is begun, and writes everything to disk: the next Run on
// the same data directory goes on where this one stopped. It returns nil then;
// an error is one line for whoever started it.
func Run(ctx context.Context, cfg Config) (err error) {
	s := &cfg.Settings
	dir, err := state.OpenDir(s.DataDir, setup.Stores(*s))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	ports, err := listen(s)
	if err != nil {
		return err
	}
	defer ports.close()
	broker, err := openBroker(ports.kafka, s.DataDir, cfg.Log)
	if err != nil {
		return err
	}
	defer broker.close()
	cfg.adapt(broker)
	return cfg.run(ctx, dir, ports)
}

// adapt has everything use the embedded broker, which is one.
func (c *Config) adapt(b *broker) {
	s := &c.Settings
	if asked := s.Brokers; !slices.Equal(asked, []string{s.KafkaAddr}) {
		c.Log.Warn("everything runs on the embedded broker: the setting is ignored", "name", "KAFKA_BROKERS", "brokers", asked)
	}
	s.Brokers, s.Replication = b.addrs(), 1
}

// run runs the parts. Each is given until all have stopped: the broker outlives
// them, so that they can finish what they have begun.
func (c *Config) run(ctx context.Context, dir *state.Dir, on *ports) error {
	registry, health := admin.NewRegistry(), new(admin.Health)
	kafka := setup.Kafka(c.Log, registry)
	likes, videos, err := c.newAPI(c.Settings.Brokers, kafka, registry)
	if err != nil {
		return err
	}
	counter := setup.Config(setup.Process{Settings: c.Settings, Dir: dir, Health: health, Metrics: registry, Log: c.Log})
	counter.Client = kafka
	gateway := gatewaysetup.Config(c.Settings)
	gateway.Listener, gateway.Page = on.gateway, web.Page()
	if rest, any := strings.CutPrefix(gateway.APIURL, ":0/"); any { // a free port is known only now
		_, port, _ := net.SplitHostPort(on.api.Addr().String())
		gateway.APIURL = ":" + port + "/" + rest
	}
	gateway.Health, gateway.Metrics, gateway.Log, gateway.Kafka = health.Check("gateway"), registry, c.Log, kafka
	ready := make(chan struct{})
	place := Place{API: on.api.Addr().String(), Page: on.gateway.Addr().String(), Kafka: c.Settings.Brokers, Admin: on.admin.Addr().String(), Videos: videos, Ready: ready}

	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return pipeline.Run(ctx, counter) })
	parts.Go(func() error {
		defer likes.Close()
		return likes.Serve(ctx, on.api)
	})
	parts.Go(func() error { return server.Run(ctx, gateway) })
	parts.Go(func() error {
		return admin.Serve(ctx, admin.Config{Listener: on.admin, Health: health, Gatherer: registry, Log: c.Log})
	})
	parts.Go(func() error { return warm(ctx, likes, health, ready) })
	if c.Show != nil {
		parts.Go(func() error { return c.Show(ctx, place) })
	}
	return parts.Wait()
}

// warm waits until the processor has its partitions, has the API open its
// connections, and says so.
func warm(ctx context.Context, likes *api.API, health *admin.Health, ready chan<- struct{}) error {
	const often = 20 * time.Millisecond
	tick := time.NewTicker(often)
	defer tick.Stop()
	for !counting(health.Report()) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
	if err := likes.Warm(ctx); err != nil {
		return err
	}
	if ctx.Err() == nil {
		health.Check("api").Ready()
		close(ready)
	}
	return nil
}

// counting says whether all that has spoken is well, and the processor's last
// part among it.
func counting(r admin.Report) bool {
	return r.Ready && slices.ContainsFunc(r.Checks, func(c admin.CheckReport) bool { return c.Name == "count" })
}

// ports are the listeners, taken before anything starts: a port in use ends
// the start with one line.
type ports struct{ kafka, api, gateway, admin net.Listener }

func listen(s *settings.Settings) (*ports, error) {
	p := new(ports)
	for _, l := range []struct {
		on         *net.Listener
		name, addr string
	}{
		{&p.kafka, "COUNTER_KAFKA_ADDR", s.KafkaAddr},
		{&p.api, "COUNTER_API_ADDR", s.APIAddr},
		{&p.gateway, "COUNTER_GATEWAY_ADDR", s.GatewayAddr},
		{&p.admin, "COUNTER_ADMIN_ADDR", s.AdminAddr},
	} {
		var err error
		if *l.on, err = settings.Listen(l.name, l.addr); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

// close closes what is still open: the parts close what they were given.
func (p *ports) close() {
	for _, l := range []net.Listener{p.kafka, p.api, p.gateway, p.admin} {
		if l != nil {
			_ = l.Close()
		}
	}
}
