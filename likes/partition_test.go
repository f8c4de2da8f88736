package likes_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// "Kafka's default partitioning … with 3 partitions" (the contract).
func TestPartition(t *testing.T) {
	for _, tt := range []struct {
		id   string
		want int
	}{
		{"93f98662-8907-4f43-bb4c-280501481046", 2},
		{"69e7266c-753e-4ed3-b7fc-9035133a293f", 1},
		{"00000000-0000-4000-8000-000000000001", 0},
	} {
		if got := likes.Partition([]byte(tt.id), 3); got != tt.want {
			t.Errorf("%s: got partition %d, want %d", tt.id, got, tt.want)
		}
	}
}

// The second witness is the client library, which chooses as Kafka's own
// clients do: what we compute is where any producer puts a record with that key.
func FuzzPartition(f *testing.F) {
	f.Add([]byte("a"), uint16(3))
	f.Add([]byte("ab"), uint16(3))
	f.Add([]byte("abc"), uint16(1))
	f.Add([]byte("abcd"), uint16(100))
	f.Add([]byte("\xff\xfe\xfd\xfc\xfb\x80"), uint16(7))
	f.Add([]byte("93f98662-8907-4f43-bb4c-280501481046"), uint16(3))
	witness := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	f.Fuzz(func(t *testing.T, id []byte, partitions uint16) {
		if len(id) == 0 || partitions == 0 {
			return // no id is empty, and a record without a key goes anywhere
		}
		got := likes.Partition(id, int(partitions))
		want := witness.Partition(&kgo.Record{Key: id}, int(partitions))
		if got != want {
			t.Errorf("%q of %d: got %d, want %d", id, partitions, got, want)
		}
	})
}
