package feed

import "distributed-counter/likes"

// Board is a ranking without a feed.
type Board struct{ b board }

func (b *Board) Update(window likes.Running, r Ranked) { b.b.update(window, r) }
func (b *Board) Top() []Ranked                         { return b.b.top }
