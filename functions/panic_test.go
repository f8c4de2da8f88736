package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A panic in the function is an error of its invocation and the end of the
// process, never a 200; the process that Lambda starts in its place answers
// the next event. No event makes ours panic, as far as anybody knows, so this
// is the bootstrap with one line more.
func TestLambdaThatPanics(t *testing.T) {
	bootstrap := panicking(t)
	kafka, lambda := broker(t), newRuntime(t)
	environ := lambda.environ("KAFKA_BROKERS="+kafka.ListenAddrs()[0], "COUNTER_API_DEADLINE=25s", "COUNTER_GRACE=40s")
	good := event(t, "v1-like.json", nil)
	bad := event(t, "v1-like.json", func(e map[string]any) { e["body"] = "panic, please" })

	p := startAs(t, []string{bootstrap}, environ...)
	if a := lambda.invoke("before", good, time.Minute); a.StatusCode != 200 {
		t.Errorf("before: %d %s, error %q; want 200", a.StatusCode, a.Body, a.failed)
	}
	if a := lambda.invoke("panic", bad, time.Minute); !strings.Contains(a.failed, "as asked for") || a.StatusCode != 0 {
		t.Errorf("the panic: %d %s, error %q; want the error alone", a.StatusCode, a.Body, a.failed)
	}
	if code := p.exit(0); code == 0 {
		t.Errorf("exit code %d after a panic, want another", code)
	}
	startAs(t, []string{bootstrap}, environ...)
	if a := lambda.invoke("after", good, time.Minute); a.StatusCode != 200 {
		t.Errorf("after: %d %s, error %q; want 200", a.StatusCode, a.Body, a.failed)
	}
	if diff := cmp.Diff(map[string]int{cat: 2}, likesIn(t, kafka)); diff != "" {
		t.Errorf("likes in Kafka (-want +got):\n%s", diff)
	}
}

// panicking builds the bootstrap with a panic for an event that asks for one.
func panicking(t *testing.T) string {
	t.Helper()
	original, err := filepath.Abs("lambda.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	const where = "(ctx context.Context, payload []byte) ([]byte, error) {\n"
	changed := strings.Replace(string(text), where,
		where+"\tif strings.Contains(string(payload), \"panic, please\") {\n\t\tpanic(\"as asked for\")\n\t}\n", 1)
	if changed == string(text) {
		t.Fatalf("lambda.go has no %q", where)
	}
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: write("lambda.go", []byte(changed))}})
	if err != nil {
		t.Fatal(err)
	}
	bootstrap := filepath.Join(dir, "bootstrap")
	out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-overlay", write("overlay.json", overlay), "-o", bootstrap, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bootstrap
}
