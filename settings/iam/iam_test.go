package iam_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"distributed-counter/settings"
	"distributed-counter/settings/iam"
)

const region = "eu-central-1"

// judge checks a token as MSK does, with the signer of AWS's own library. It
// knows the secret keys of the roles, by access key.
type judge struct {
	secrets map[string]string
	session string // the session token of all of them
}

// admit returns the access key that a token was signed with, or why it is none.
func (j judge) admit(token []byte) (key string, err error) {
	var got map[string]string
	if err := json.Unmarshal(token, &got); err != nil {
		return "", err
	}
	key, _, _ = strings.Cut(got["x-amz-credential"], "/")
	secret, known := j.secrets[key]
	signed, err := time.Parse("20060102T150405Z", got["x-amz-date"])
	if err != nil || !known {
		return "", fmt.Errorf("access key %q, signed at %q", key, got["x-amz-date"])
	}
	if age := time.Since(signed); age < -time.Minute || age > 5*time.Minute {
		return "", fmt.Errorf("signed %s ago", age)
	}
	query := url.Values{"Action": {"kafka-cluster:Connect"}, "X-Amz-Expires": {"300"}}
	request, err := http.NewRequest(http.MethodGet, "https://127.0.0.1/?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // the hash of no body
	uri, _, err := v4.NewSigner().PresignHTTP(context.Background(),
		aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: j.session},
		request, nothing, "kafka-cluster", region, signed)
	if err != nil {
		return "", err
	}
	presigned, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	want := map[string]string{"version": "2020_10_22", "host": "127.0.0.1", "user-agent": got["user-agent"]}
	for name, values := range presigned.Query() {
		want[strings.ToLower(name)] = values[0]
	}
	if diff := cmp.Diff(want, got); diff != "" || got["user-agent"] == "" {
		return "", errors.New("token (-want +got):\n" + diff)
	}
	return key, nil
}

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

// iamBroker is a Kafka with TLS that lets in only whom the judge admits.
func iamBroker(t *testing.T, g *guard) (kafka *kfake.Cluster, ca string) {
	t.Helper()
	server, ca := certificate(t)
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(func(network, addr string) (net.Listener, error) {
		l, err := tls.Listen(network, addr, server)
		return guarded{l, g}, err
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	return kafka, ca
}

// iamClient is a client as the mains make theirs. The AWS variables are what
// the environment has, and no more.
func iamClient(t *testing.T, kafka *kfake.Cluster, ca string, environ map[string]string) *kgo.Client {
	t.Helper()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_DISABLED"} {
		t.Setenv(name, environ[name])
	}
	t.Setenv("AWS_REGION", region)
	s, _, err := settings.Load([]string{"COUNTER_KAFKA_TLS=on", "COUNTER_KAFKA_TLS_CA=" + ca, "COUNTER_KAFKA_SASL=aws-msk-iam"})
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
	t.Cleanup(client.Close)
	return client
}

// role is what a credentials endpoint of AWS says.
func role(w http.ResponseWriter, key string, lasts time.Duration) {
	fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":"secret of %s","Token":"a/b+c==","Expiration":%q}`,
		key, key, time.Now().Add(lasts).UTC().Format(time.RFC3339))
}

// container is the endpoint that ECS and EKS Pod Identity give a container. Its
// credentials change at each question; they last that long.
func container(t *testing.T, lasts time.Duration) (url string) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "let me" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		role(w, fmt.Sprintf("CONTAINER%d", asked.Add(1)), lasts)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/role"
}

// instance is the metadata service of EC2.
func instance(t *testing.T) (url string) {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
		fmt.Fprint(w, "token")
	})
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "counter")
	})
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/counter", func(w http.ResponseWriter, _ *http.Request) {
		role(w, "INSTANCE", time.Hour)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func everybody() judge {
	secrets := map[string]string{"LAMBDA": "secret/of+LAMBDA"}
	secrets["INSTANCE"] = "secret of INSTANCE"
	for i := range 10 {
		key := fmt.Sprintf("CONTAINER%d", i+1)
		secrets[key] = "secret of " + key
	}
	return judge{secrets: secrets, session: "a/b+c=="}
}

// Whatever AWS has made of the process, the broker admits it by a token that is
// signed right.
func TestMechanism(t *testing.T) {
	authorization := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(authorization, []byte("let me"), 0o600); err != nil {
		t.Fatal(err)
	}
	lambda := map[string]string{"AWS_ACCESS_KEY_ID": "LAMBDA", "AWS_SECRET_ACCESS_KEY": "secret/of+LAMBDA", "AWS_SESSION_TOKEN": "a/b+c=="}
	for _, tc := range []struct {
		name    string
		environ map[string]string
		want    string // the access key; empty: it is refused
	}{
		{"a function", lambda, "LAMBDA"},
		{"another's secret", map[string]string{"AWS_ACCESS_KEY_ID": "LAMBDA", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "a/b+c=="}, ""},
		{"another session", map[string]string{"AWS_ACCESS_KEY_ID": "LAMBDA", "AWS_SECRET_ACCESS_KEY": "secret/of+LAMBDA"}, ""},
		{"a container", map[string]string{
			"AWS_CONTAINER_CREDENTIALS_FULL_URI": container(t, time.Hour), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me"}, "CONTAINER1"},
		{"a container with a token in a file", map[string]string{
			"AWS_CONTAINER_CREDENTIALS_FULL_URI": container(t, time.Hour), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": authorization}, "CONTAINER1"},
		{"an instance", map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": instance(t)}, "INSTANCE"},
		{"nobody", map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := &guard{admit: everybody().admit}
			kafka, ca := iamBroker(t, g)
			client := iamClient(t, kafka, ca, tc.environ)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := client.Ping(ctx)
			if (err == nil) != (tc.want != "") {
				t.Errorf("ping: %v", err)
			}
			var want []string
			if tc.want != "" {
				want = []string{tc.want}
			}
			if diff := cmp.Diff(want, g.who()); diff != "" {
				t.Errorf("admitted, by connection (-want +got):\n%s", diff)
			}
		})
	}
}

// A session that ends is renewed on the same connection, before the broker
// hangs up, and with the newest credentials. One of a second is too short for
// the client: it is renewed before each request, at least once.
func TestSessionEnds(t *testing.T) {
	for _, tc := range []struct {
		name      string
		lasts     time.Duration // of a container's credentials
		session   time.Duration // of the broker
		keys      []string      // of the first tokens
		unchanged bool          // there are no others than these
	}{
		{"credentials about to end", time.Minute, time.Second, []string{"CONTAINER1", "CONTAINER2", "CONTAINER3", "CONTAINER4"}, false},
		{"credentials that last", time.Hour, time.Second, []string{"CONTAINER1", "CONTAINER1", "CONTAINER1", "CONTAINER1"}, false},
		{"a session that lasts", time.Minute, time.Hour, []string{"CONTAINER1"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := &guard{admit: everybody().admit, session: tc.session}
			kafka, ca := iamBroker(t, g)
			client := iamClient(t, kafka, ca, map[string]string{
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": container(t, tc.lasts), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me"})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			seed := client.SeedBrokers()[0] // has one connection
			for range 3 {
				if _, err := seed.Request(ctx, kmsg.NewPtrMetadataRequest()); err != nil {
					t.Fatal(err)
				}
			}
			got := g.who()
			if len(got) != 1 {
				t.Fatalf("admitted on %d connections, want one: %v", len(got), got)
			}
			keys := strings.Fields(got[0])
			if diff := cmp.Diff(tc.keys, keys[:min(len(keys), len(tc.keys))]); diff != "" || tc.unchanged && len(keys) > len(tc.keys) {
				t.Errorf("admitted %v (-want +got):\n%s", keys, diff)
			}
		})
	}
}

func TestEnvironmentThatDoesNotFit(t *testing.T) {
	for _, tc := range []struct {
		name, variable, value string
		want                  string
	}{
		{"a token to exchange", "AWS_WEB_IDENTITY_TOKEN_FILE", "x", "EKS Pod Identity"},
		{"credentials from afar", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/role", "192.0.2.1"},
		{"credentials from no web address", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "ftp://127.0.0.1/role", "ftp:"},
		{"credentials from a name", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://broker.example/role", "broker.example"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv(tc.variable, tc.value)
			if _, err := iam.Mechanism(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want an error with %q", err, tc.want)
			}
		})
	}
}
