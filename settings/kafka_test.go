package settings_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/settings"
)

const user, password = "counter", "correct horse"

// certificate is one for 127.0.0.1, and the file that a client trusts it by.
func certificate(t *testing.T) (server *tls.Config, ca string) {
	t.Helper()
	s := httptest.NewTLSServer(nil) // it brings one
	defer s.Close()
	ca = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o644); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: s.TLS.Certificates}, ca
}

// Brokers let in who speaks as they want, and nobody else.
func TestKafkaOptions(t *testing.T) {
	server, ca := certificate(t)
	withTLS := []kfake.Opt{kfake.TLS(server)}
	sasl := func(method string) []kfake.Opt {
		return []kfake.Opt{kfake.EnableSASL(), kfake.Superuser(method, user, password)}
	}
	named := []string{"COUNTER_KAFKA_USER=" + user, "COUNTER_KAFKA_PASSWORD=" + password}
	for _, tc := range []struct {
		name    string
		broker  []kfake.Opt
		env     []string
		refused bool
	}{
		{"neither", nil, nil, false},
		{"TLS", withTLS, []string{"COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA=" + ca}, false},
		{"TLS by somebody whom the system does not trust", withTLS, []string{"COUNTER_KAFKA_TLS=on"}, true},
		{"no TLS where it is wanted", withTLS, nil, true},
		{"TLS where it is not", nil, []string{"COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA=" + ca}, true},
		{"PLAIN", sasl("PLAIN"), append(named, "COUNTER_KAFKA_SASL=plain"), false},
		{"SCRAM-SHA-256", sasl("SCRAM-SHA-256"), append(named, "COUNTER_KAFKA_SASL=scram-sha-256"), false},
		{"SCRAM-SHA-512", sasl("SCRAM-SHA-512"), append(named, "COUNTER_KAFKA_SASL=SCRAM-SHA-512"), false},
		{"both, PLAIN", append(sasl("PLAIN"), withTLS...), append(named, "COUNTER_KAFKA_SASL=plain", "COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA="+ca), false},
		{"both, SCRAM-SHA-256", append(sasl("SCRAM-SHA-256"), withTLS...), append(named, "COUNTER_KAFKA_SASL=scram-sha-256", "COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA="+ca), false},
		{"both, SCRAM-SHA-512", append(sasl("SCRAM-SHA-512"), withTLS...), append(named, "COUNTER_KAFKA_SASL=scram-sha-512", "COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA="+ca), false},
		{"another mechanism", sasl("SCRAM-SHA-512"), append(named, "COUNTER_KAFKA_SASL=scram-sha-256"), true},
		{"another password", sasl("PLAIN"), []string{"COUNTER_KAFKA_SASL=plain", "COUNTER_KAFKA_USER=" + user, "COUNTER_KAFKA_PASSWORD=x"}, true},
		{"nobody", sasl("PLAIN"), nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			kafka, err := kfake.NewCluster(append(tc.broker, kfake.NumBrokers(1))...)
			if err != nil {
				t.Fatal(err)
			}
			defer kafka.Close()
			s, _, err := settings.Load(tc.env)
			if err != nil {
				t.Fatal(err)
			}
			opts, err := s.KafkaOptions()
			if err != nil {
				t.Fatal(err)
			}
			client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(kafka.ListenAddrs()...), kgo.RequestRetries(0))...)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			patience := 30 * time.Second
			if tc.refused {
				patience = time.Second // a broker that wants TLS waits for it, for ever
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := client.Ping(ctx); (err != nil) != tc.refused {
				t.Errorf("ping: %v, want an error: %v", err, tc.refused)
			}
		})
	}
}

func TestKafkaOptionsThatDoNotFit(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.pem")
	for _, tc := range []struct {
		name string
		env  []string
		want string
	}{
		{"a CA without TLS", []string{"COUNTER_KAFKA_TLS_CA=" + none}, "COUNTER_KAFKA_TLS=on"},
		{"no such file", []string{"COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA=" + none}, "none.pem"},
		{"no certificate", []string{"COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA=kafka_test.go"}, "in PEM"},
		{"a mechanism for nobody", []string{"COUNTER_KAFKA_SASL=plain"}, "COUNTER_KAFKA_USER"},
		{"no password", []string{"COUNTER_KAFKA_SASL=plain", "COUNTER_KAFKA_USER=x"}, "COUNTER_KAFKA_PASSWORD"},
		{"IAM without TLS", []string{"COUNTER_KAFKA_SASL=aws-msk-iam"}, "COUNTER_KAFKA_TLS=on"},
		{"IAM with a user", []string{"COUNTER_KAFKA_SASL=aws-msk-iam", "COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_USER=x"}, "COUNTER_KAFKA_USER"},
		{"a user without a mechanism", []string{"COUNTER_KAFKA_USER=x"}, "COUNTER_KAFKA_SASL"},
	} {
		s, _, err := settings.Load(tc.env)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.KafkaOptions(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want an error with %q", tc.name, err, tc.want)
		}
	}
}

// A password that is not accepted is not shown either.
func TestPasswordIsNeverShown(t *testing.T) {
	_, notes, err := settings.Load([]string{"COUNTER_KAFKA_PASSWORD=se\x01cret"})
	if err == nil || strings.Contains(err.Error(), "cret") || len(notes) > 0 {
		t.Errorf("%v, notes %v; want an error that does not show it", err, notes)
	}
}
