package statetest

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// model is a store made of maps, beside the one that is tested.
type model struct {
	disk   Disk
	store  state.Store
	batch  state.Batch
	head   *state.Head
	videos map[string]window.Video
	rows   map[likes.Pane]map[string]row
	now    likes.Pane
	packed likes.Pane // the newest pane that was published
}

func testModel(t *testing.T, fresh func(testing.TB) Disk) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{disk: fresh(t), now: likes.Pane(rapid.Int64Range(-30, 30).Draw(rt, "start"))}
		m.clear()
		m.open(rt)
		defer func() { m.store.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"apply": m.applySome,
			"":      m.check,
		})
	})
}

func (m *model) clear() {
	m.head, m.videos, m.rows = nil, map[string]window.Video{}, map[likes.Pane]map[string]row{}
	m.packed = likes.Never
}

func (m *model) open(t *rapid.T) {
	s, err := m.disk.Open()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	m.store = s
}

// applySome now and then begins with a restart. That touches a disk, and takes
// its time, so most steps do not.
func (m *model) applySome(t *rapid.T) {
	if rapid.IntRange(0, 19).Draw(t, "reopen first") == 19 {
		m.reopen(t)
	}
	m.apply(t)
}

func (m *model) reopen(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "wipe first") == 0 {
		m.wipe(t)
	}
	if err := m.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	m.open(t)
}

func (m *model) wipe(t *rapid.T) {
	if err := m.store.Wipe(); err != nil {
		t.Fatalf("wipe: %v", err)
	}
	m.clear()
}

var modelIDs = rapid.OneOf(
	rapid.SampledFrom([]string{"a", "b", "ab", "a\x00", "\xff", "\xff\xff", "\x00"}),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 3), func(b []byte) string { return string(b) }),
)

// apply is a step of a leader or of a follower: some videos get likes in some
// panes, some panes pass.
func (m *model) apply(t *rapid.T) {
	m.batch.Reset()
	since := likes.Never
	if rapid.Bool().Draw(t, "bounded") {
		since = m.now - likes.Pane(rapid.IntRange(0, 12).Draw(t, "since"))
	}
	if rapid.Bool().Draw(t, "lead") {
		m.publish(t)
	}
	since = max(since, m.packed+1)
	for range rapid.IntRange(0, 8).Draw(t, "puts") {
		if m.now == m.packed {
			m.now++
		}
		m.put(t, modelIDs.Draw(t, "id"), since)
		if rapid.IntRange(0, 3).Draw(t, "pane passes") == 0 {
			m.now++
		}
	}
	offset := rapid.Int64Range(0, 1000).Draw(t, "offset")
	switch rapid.IntRange(0, 3).Draw(t, "head") {
	case 0:
		m.batch.SetChangelog(offset)
		h := state.Head{}
		if m.head != nil {
			h = *m.head
		}
		h.Changelog = offset
		m.head = &h
	case 1:
		h := state.Head{Changelog: offset}
		m.batch.SetHead(h)
		m.head = &h
	default:
		m.now += likes.Pane(rapid.SampledFrom([]int{0, 1, 2, 11, 100}).Draw(t, "panes pass"))
		h := published(m.now-likes.Pane(rapid.IntRange(0, 15).Draw(t, "behind")), offset)
		m.batch.SetHead(h)
		m.head = &h
		for p := range m.rows {
			if p < h.Position.Published-likes.LongestWindow {
				delete(m.rows, p)
			}
		}
	}
	apply(t, m.store, &m.batch)
}

// publish publishes a new pane.
func (m *model) publish(t *rapid.T) {
	m.now++
	m.packed = m.now
	ids := rapid.SliceOfNDistinct(modelIDs, 1, 20, rapid.ID).Draw(t, "published")
	slices.SortFunc(ids, compare)
	for _, id := range ids {
		v := m.like(t, id)
		m.batch.Publish(id, &v, m.now)
		m.expect(id, &v, m.now)
	}
}

func (m *model) put(t *rapid.T, id string, since likes.Pane) {
	v := m.like(t, id)
	m.batch.Put(id, &v, since)
	m.expect(id, &v, since)
}

func (m *model) like(t *rapid.T, id string) window.Video {
	v := m.videos[id]
	n := uint64(rapid.IntRange(1, 300).Draw(t, "likes"))
	v.Add(m.now, window.Count{Likes: n, Late: n / 3})
	m.videos[id] = v
	return v
}

// expect notes the rows of a video from a pane on.
func (m *model) expect(id string, v *window.Video, since likes.Pane) {
	total := v.Total
	for p := v.Newest; p > v.Newest-likes.LongestWindow; p-- {
		c := v.At(p)
		if c.Likes > 0 && p >= since {
			if m.rows[p] == nil {
				m.rows[p] = map[string]row{}
			}
			m.rows[p][id] = row{id, c, total}
		}
		total -= c.Likes
	}
}

func (m *model) check(t *rapid.T) {
	if m.head == nil {
		wantNoHead(t, m.store)
	} else {
		wantHead(t, m.store, *m.head)
	}
	ids := []string{"a", "no such id"}
	for id := range m.videos {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	want := make([]*window.Video, len(ids))
	for i, id := range ids {
		v := m.videos[id]
		want[i] = &v
	}
	wantVideos(t, m.store, ids, want)

	for p := m.now - 130; p <= m.now+1; p++ {
		after := ""
		if p > m.now-4 {
			after = rapid.OneOf(rapid.Just(""), modelIDs).Draw(t, fmt.Sprint("after in pane ", p))
		}
		var want []row
		for id, r := range m.rows[p] {
			if id > after {
				want = append(want, r)
			}
		}
		slices.SortFunc(want, func(a, b row) int { return compare(a.ID, b.ID) })
		wantRows(t, m.store, p, after, want...)
	}
}

// compare is the order of bytes, spelled out: the store's is what is tested.
func compare(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return len(a) - len(b)
}
