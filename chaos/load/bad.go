package load

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// badValues are values that are no video id, of every kind there is.
func badValues(random *rand.Rand) [][]byte {
	noise := make([]byte, 64)
	for i := range noise {
		noise[i] = byte(random.UintN(256))
	}
	noise[0] = 0xff // never UTF-8
	return [][]byte{
		nil,
		{},
		noise,
		[]byte(strings.Repeat("x", 129)),
		[]byte("a\x00b"),
		[]byte("new\nline"),
		[]byte("next\u0085line"),
		[]byte("\xc3"), // the first half of a letter
	}
}

// largest is what a broker takes unasked, less what surrounds a value.
const largest = 1<<20 - 200

// SendBad sends bad records past the API, straight to the ingestion topic, one
// of each kind every interval, and one of a megabyte now and then, until ctx is
// done. Those that Kafka acknowledges go into the log.
func (l *Load) SendBad(ctx context.Context, brokers []string, topic string, every time.Duration) error {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("bad"),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchMaxBytes(1<<20),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if err != nil {
		return fmt.Errorf("create producer of bad records: %w", err)
	}
	defer cl.Close()
	random := rand.New(rand.NewPCG(l.cfg.Seed, 2))
	for n := 0; ; n++ {
		values := badValues(random)
		if n%8 == 0 {
			values = append(values, []byte(strings.Repeat("\n", largest)))
		}
		for _, v := range values {
			// Not cancelled with ctx: what is sent has an answer. Several
			// attempts of one record are one record, the producer is idempotent.
			if err := cl.ProduceSync(context.WithoutCancel(ctx), &kgo.Record{Value: v}).FirstErr(); err != nil {
				return fmt.Errorf("send bad record of %d bytes: %w", len(v), err)
			}
			l.write(bad, fmt.Sprintf("%x", sha256.Sum256(v)))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}
