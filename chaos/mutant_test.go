package chaos_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mutation is a mistake, made in the sources of a copy.
type mutation struct {
	name string
	file string // in the module
	from string // exactly once in it
	to   string
	// chaos is what the mistake must not survive.
	chaos func(w *world)
}

// mutations are mistakes that somebody could make.
func mutations() []mutation {
	return []mutation{
		{
			name: "state written before the commit",
			file: "processor/pipeline/count.go",
			from: `	c.last = records[len(records)-1]
`,
			to: `	c.last = records[len(records)-1]
	head, _, err := c.store.Head()
	if err != nil {
		return err
	}
	c.batch.Reset()
	for i := range part.Values {
		c.batch.Put(part.Values[i].ID, &part.Values[i].Video, part.Pane)
	}
	c.batch.SetHead(state.Head{Position: part.Position, HasPosition: true, Changelog: head.Changelog})
	if err := c.store.Apply(&c.batch); err != nil {
		return err
	}
`,
			chaos: func(w *world) { w.unknown(aPublication, someSums) },
		},
		{
			name:  "no fence",
			file:  "processor/pipeline/producer.go",
			from:  `kgo.TransactionalID(id),`,
			to:    `kgo.TransactionalID(fmt.Sprintf("%s/%d", id, time.Now().UnixNano())),`,
			chaos: (*world).zombie,
		},
	}
}

// maxTries bounds the runs in which a mutant must be convicted: chaos has a
// race to win against it.
const maxTries = 2

// TestMutants builds programs with a mistake in them, and expects the same
// chaos and the same checker to find out.
func TestMutants(t *testing.T) {
	s := needKafka(t)
	for _, m := range mutations() {
		t.Run(strings.ReplaceAll(m.name, " ", "-"), func(t *testing.T) {
			bin := programs(t, m.apply(t))
			for try := range maxTries {
				if m.convicted(t, bin, s+uint64(try)) {
					return
				}
			}
			t.Errorf("nobody noticed in %d runs: %s", maxTries, m.name)
		})
	}
}

// apply is the changed source in a file of its own, by the path of the file
// that it stands for.
func (m *mutation) apply(t *testing.T) map[string]string {
	t.Helper()
	path := filepath.Join(root(t), m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.from); n != 1 {
		t.Fatalf("%s has %d times, want once: change the mutation with it\n%s", m.file, n, m.from)
	}
	changed := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.from, m.to, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	return map[string]string{path: changed}
}

func (m *mutation) convicted(t *testing.T, bin string, seed uint64) (convicted bool) {
	t.Helper()
	t.Run("try", func(t *testing.T) {
		s := short(seed)
		s.bin, s.mutant = bin, true
		w := newWorld(t, s)
		w.addProcessors(3)
		w.startLoad()
		time.Sleep(3 * pane)
		m.chaos(w)
		time.Sleep(3 * pane)
		holds, said := w.judge()
		convicted = !holds
		t.Logf("the checker on %q:\n%s", m.name, said)
	})
	return convicted
}

// TestMutationsFit holds the mutations to the sources that they change: it
// needs no broker, and fails before make test-kafka would.
func TestMutationsFit(t *testing.T) {
	for _, m := range mutations() {
		m.apply(t)
	}
}

// overlay is a file that tells the go command to take other sources.
func overlay(t *testing.T, replace map[string]string) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}
