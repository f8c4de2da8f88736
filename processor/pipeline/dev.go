package pipeline

import (
	"context"
	"math/rand/v2"

	"github.com/twmb/franz-go/pkg/kgo"
)

// devVideos are the ids that development traffic likes, those of the original
// program.
var devVideos = [...]string{
	"93f98662-8907-4f43-bb4c-280501481046",
	"69e7266c-753e-4ed3-b7fc-9035133a293f",
}

// createLikes creates a like of a video chosen at random per DevInterval until
// ctx is done. Whoever runs PARTITION 0 does, so that a fleet creates no more
// than one process. They go the way of all likes, through the ingestion topic.
func (t *task) createLikes(ctx context.Context) {
	cl, err := kgo.NewClient(append(t.w.cfg.clientOptions("dev"), kgo.ProducerBatchCompression(kgo.NoCompression()))...)
	if err != nil {
		t.log.Warn("no development traffic", "reason", err)
		return
	}
	defer cl.Close()
	for sleep(ctx, t.w.cfg.DevInterval) {
		id := devVideos[rand.IntN(len(devVideos))]
		record := &kgo.Record{Topic: t.w.cfg.Topics.Ingestion, Value: []byte(id)}
		if err := cl.ProduceSync(ctx, record).FirstErr(); err != nil && ctx.Err() == nil {
			t.log.Debug("create a like", "err", err)
		}
	}
}
