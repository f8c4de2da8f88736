// Package setup makes a gateway out of the settings of the environment.
//
// It hides which setting becomes which field. Two programs start a gateway,
// gateway and standalone, and both must understand a setting in the same way.
package setup

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"
	"github.com/twmb/franz-go/plugin/kslog"

	"distributed-counter/gateway/server"
	"distributed-counter/settings"
)

// Config is the gateway that the settings ask for. What is of the process, the
// listener, health, metrics, log and Kafka's options, and the page are the
// caller's to add.
func Config(s settings.Settings) server.Config {
	return server.Config{
		Brokers:    s.Brokers,
		Topics:     s.Topics,
		Pane:       s.Pane,
		EventNames: s.EventNames,
		Origins:    s.GatewayOrigins,
		APIURL:     s.PageAPI,

		MaxRooms:      s.GatewayRooms,
		MaxClients:    s.GatewayClients,
		MaxPerAddress: s.GatewayPerAddress,
		MaxPayload:    s.GatewayMaxPayload,
		AddressHeader: s.GatewayAddressHeader,
		Peers:         s.GatewayPeers,
	}
}

// Kafka is the options of the one Kafka client at a time that a gateway has:
// metrics under "kafka_", and at the debug level a log.
func Kafka(log *slog.Logger, metrics prometheus.Registerer) []kgo.Opt {
	opts := []kgo.Opt{kgo.WithHooks(kprom.NewMetrics("kafka", kprom.Registerer(metrics),
		kprom.FetchAndProduceDetail(kprom.ByTopic, kprom.Records, kprom.UncompressedBytes),
		kprom.Histograms(kprom.RequestDurationE2E)))}
	if log.Enabled(context.Background(), slog.LevelDebug) {
		opts = append(opts, kgo.WithLogger(debugLog{kslog.New(log.With("from", "kafka client"))}))
	}
	return opts
}

// debugLog leaves out what the client says about each single request.
type debugLog struct{ *kslog.Logger }

func (debugLog) Level() kgo.LogLevel { return kgo.LogLevelInfo }
