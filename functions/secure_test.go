package main_test

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// A broker that wants TLS and a password gets both from the bootstrap.
func TestLambdaWithTLSAndSASL(t *testing.T) {
	server := httptest.NewTLSServer(nil) // it brings a certificate
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o644); err != nil {
		t.Fatal(err)
	}
	kafka := broker(t, kfake.TLS(&tls.Config{Certificates: server.TLS.Certificates}),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "counter", "correct horse"))
	lambda := newRuntime(t)
	start(t, lambda.environ("KAFKA_BROKERS="+kafka.ListenAddrs()[0], "COUNTER_API_DEADLINE=25s", "COUNTER_GRACE=40s",
		"COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA="+ca,
		"COUNTER_KAFKA_SASL=scram-sha-512", "COUNTER_KAFKA_USER=counter", "COUNTER_KAFKA_PASSWORD=correct horse")...)
	if a := lambda.invoke("like", event(t, "v1-like.json", nil), time.Minute); a.StatusCode != 200 {
		t.Errorf("%d %s, error %q; want 200", a.StatusCode, a.Body, a.failed)
	}
	got := likesIn(t, kafka, kgo.DialTLSConfig(&tls.Config{InsecureSkipVerify: true}),
		kgo.SASL(scram.Auth{User: "counter", Pass: "correct horse"}.AsSha512Mechanism()))
	if diff := cmp.Diff(map[string]int{cat: 1}, got); diff != "" {
		t.Errorf("likes in Kafka (-want +got):\n%s", diff)
	}
}
