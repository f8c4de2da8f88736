package main_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The same sources in another place give the same bytes, and the zip is what
// Lambda unpacks: a bootstrap in its root that may be executed.
func TestBuildIsReproducible(t *testing.T) {
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(here, filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(dir, "videos")
	if err := build(filepath.Join(dir, "elsewhere", "deploy", "lambda.sh"), "own", again); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{
		{binary, filepath.Join(again, "bootstrap")},
		{filepath.Dir(binary) + ".zip", again + ".zip"},
	} {
		first, err := os.ReadFile(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s: two builds differ, of %d and %d bytes", filepath.Base(pair[0]), len(first), len(second))
		}
	}

	archive, err := zip.OpenReader(again + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	got := map[string]bool{}
	for _, f := range archive.File {
		got[f.Name] = f.Mode().IsRegular() && f.Mode()&0o111 == 0o111
	}
	if diff := cmp.Diff(map[string]bool{"bootstrap": true}, got); diff != "" {
		t.Errorf("files in the zip, and whether all may execute them (-want +got):\n%s", diff)
	}
}

// What is deployed by default answers too. On another kind of machine that
// takes an emulator.
func TestLambdaOnArm64(t *testing.T) {
	var command []string
	if runtime.GOARCH != "arm64" {
		qemu, err := exec.LookPath("qemu-aarch64-static")
		if err != nil {
			t.Skip("no arm64 here, and qemu-aarch64-static (package qemu-user-static) is not installed")
		}
		command = []string{qemu}
	}
	folder := filepath.Join(t.TempDir(), "videos")
	if err := build("../deploy/lambda.sh", "arm64", folder); err != nil {
		t.Fatal(err)
	}
	kafka, lambda := broker(t), newRuntime(t)
	startAs(t, append(command, filepath.Join(folder, "bootstrap")),
		lambda.environ("KAFKA_BROKERS="+kafka.ListenAddrs()[0], "COUNTER_API_DEADLINE=25s", "COUNTER_GRACE=40s")...)
	for _, file := range []string{"v1-like.json", "v2-like.json"} {
		if a := lambda.invoke(file, event(t, file, nil), time.Minute); a.StatusCode != 200 {
			t.Errorf("%s: %d %s, error %q; want 200", file, a.StatusCode, a.Body, a.failed)
		}
	}
	if diff := cmp.Diff(map[string]int{cat: 2}, likesIn(t, kafka)); diff != "" {
		t.Errorf("likes in Kafka (-want +got):\n%s", diff)
	}
}

// Between two invocations Lambda stops the process, for minutes at times, and
// its connections end meanwhile: closed by the broker, or forgotten by
// something on the way, which tells nobody. The like that comes next is
// answered 200, and counted once.
func TestLambdaAfterAFreeze(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(*lines)
	}{
		{"closed by the broker", (*lines).close},
		{"forgotten on the way", (*lines).forget},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var lines lines
			kafka, lambda := broker(t, lines.listen()), newRuntime(t)
			p := start(t, lambda.environ("KAFKA_BROKERS="+kafka.ListenAddrs()[0], "COUNTER_API_DEADLINE=6s", "COUNTER_GRACE=10s")...)
			like := func(id string) {
				if a := lambda.invoke(id, event(t, "v1-like.json", withPath("/videos/"+id+"/likes", "")), time.Minute); a.StatusCode != 200 {
					t.Errorf("%s: %d %s, error %q; want 200", id, a.StatusCode, a.Body, a.failed)
				}
			}
			like("before")
			p.freeze()
			if n := lines.count(); n == 0 {
				t.Fatal("there is no connection that could end")
			}
			tc.end(&lines)
			p.thaw()
			like("after")
			like("later")
			if diff := cmp.Diff(map[string]int{"before": 1, "after": 1, "later": 1}, likesIn(t, kafka)); diff != "" {
				t.Errorf("likes in Kafka (-want +got):\n%s", diff)
			}
		})
	}
}
