package chaos_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/chaos/proxy"
)

// broker is a Kafka of a test's own, behind a proxy that all clients use.
type broker struct {
	t       *testing.T
	dir     string
	addr    string // of the broker itself
	env     []string
	docker  string // name of its container; empty where it runs from its jars
	process *process
	network *proxy.Proxy
	client  string // address for clients: the proxy's
}

// kafkaWithin bounds the start of a broker, the download of its jars included.
const kafkaWithin = 3 * time.Minute

// startBroker starts it in a container where there is Docker, unless it shall
// be a process of this machine.
func startBroker(t *testing.T, dir string, host bool) *broker {
	t.Helper()
	b := &broker{t: t, dir: dir, addr: freeAddr(t), client: freeAddr(t)}
	port := func(addr string) string {
		_, p, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	runner := "host"
	if !host && exec.Command("docker", "info").Run() == nil {
		runner, b.docker = "docker", "distributed-counter-chaos-"+port(b.addr)
	}
	b.env = []string{
		"KAFKA_FOREGROUND=1", "KAFKA_HEAP=512m", "RUNNER=" + runner,
		"KAFKA_PORT=" + port(b.addr), "KAFKA_ADVERTISED_PORT=" + port(b.client),
		"KAFKA_CONTROLLER_PORT=" + port(freeAddr(t)),
		"KAFKA_DATA=" + filepath.Join(dir, "kafka"), "KAFKA_CONTAINER=" + b.docker,
	}
	if b.docker != "" {
		t.Cleanup(func() {
			_ = exec.Command("docker", "rm", "-fv", b.docker).Run() // it is gone already where all went well
			if out, err := exec.Command("docker", "volume", "rm", "-f", b.docker).CombinedOutput(); err != nil {
				t.Errorf("remove Kafka's volume: %v\n%s", err, out)
			}
		})
	}
	var err error
	if b.network, err = proxy.Start(b.client, b.addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.network.Close)
	b.start()
	return b
}

// start starts it and returns when it answers.
func (b *broker) start() {
	b.t.Helper()
	b.process = start(b.t, program{
		name: "kafka", dir: b.dir, env: b.env,
		path: filepath.Join(root(b.t), "deploy", "kafka", "start.sh"),
	})
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.client), kgo.RetryTimeout(time.Second), kgo.DialTimeout(time.Second))
	if err != nil {
		b.t.Fatal(err)
	}
	defer cl.Close()
	began := time.Now()
	for {
		ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Second)
		err := cl.Ping(ctx)
		cancel()
		if err == nil {
			break
		}
		if !b.process.running() || time.Since(began) > kafkaWithin {
			b.t.Fatalf("Kafka does not answer: %v\n%s", err, b.process.tail(30))
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Logf("Kafka answers after %v", time.Since(began).Round(100*time.Millisecond))
}

// kill is kill -9.
func (b *broker) kill() {
	b.t.Helper()
	if b.docker != "" {
		if out, err := exec.Command("docker", "kill", "--signal", "KILL", b.docker).CombinedOutput(); err != nil {
			b.t.Fatalf("kill Kafka's container: %v\n%s", err, out)
		}
		b.process.meant = true
		if err := b.process.wait(20 * time.Second); err == nil {
			b.t.Fatal("Kafka's container ended by itself")
		}
		return
	}
	b.process.kill()
}

// workDir is a test's folder; with -keep it outlives the test.
func workDir(t *testing.T) string {
	t.Helper()
	if *keep == "" {
		return t.TempDir()
	}
	dir, err := filepath.Abs(filepath.Join(*keep, fmt.Sprintf("%s-%d", t.Name(), time.Now().Unix())))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
