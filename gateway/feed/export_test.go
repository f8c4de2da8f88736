package feed

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// Board is a ranking without a feed.
type Board struct{ b board }

func (b *Board) Update(window likes.Running, r Ranked) { b.b.update(window, r) }
func (b *Board) Top() []Ranked                         { return b.b.top }

// Take has the feed take a record as if it had been read.
func (f *Feed) Take(r *kgo.Record) {
	f.take(r)
	f.tell()
}
