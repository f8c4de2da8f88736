package engineio

// scanLimit is the length up to which a queue is searched one by one; a longer
// one gets an index. Queues of clients that read stay below it.
const scanLimit = 32

// outbox is the queue of what a client has yet to be sent. Of several messages
// with one key it holds the newest, in the place of the oldest. The zero value
// is an empty queue and holds no memory.
type outbox struct {
	items []*Message
	size  int            // bytes in items
	taken int            // items that have left since index was made
	index map[string]int // key → position in items + taken; nil for short queues
}

// bounds of an outbox.
type bounds struct {
	items, bytes int
}

// put queues m and reports whether an older message made way for it, and
// whether there was room.
func (o *outbox) put(m *Message, b bounds) (replaced, ok bool) {
	if i := o.find(m.key); i >= 0 {
		grown := o.size + m.size - o.items[i].size
		if grown > b.bytes && m.size > o.items[i].size {
			return false, false
		}
		o.size, o.items[i] = grown, m
		return true, true
	}
	if len(o.items) >= b.items || o.size+m.size > b.bytes {
		return false, false
	}
	o.items = append(o.items, m)
	o.size += m.size
	o.note(m.key)
	return false, true
}

// find returns the position of the message with this key, or -1.
func (o *outbox) find(key string) int {
	if key == "" {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i - o.taken
		}
		return -1
	}
	for i, m := range o.items {
		if m.key == key {
			return i
		}
	}
	return -1
}

// note keeps the index, from the length on where there is one.
func (o *outbox) note(key string) {
	if o.index == nil {
		if len(o.items) <= scanLimit {
			return
		}
		o.index, o.taken = make(map[string]int, 2*scanLimit), 0
		for i, m := range o.items {
			if m.key != "" {
				o.index[m.key] = i
			}
		}
		return
	}
	if key != "" {
		o.index[key] = len(o.items) - 1 + o.taken
	}
}

// take removes messages from the front: the first, and more while they are
// within limit bytes together. The caller owns the result.
func (o *outbox) take(limit int) []*Message {
	n, size := 0, 0
	for n < len(o.items) && (n == 0 || size+o.items[n].size <= limit) {
		size += o.items[n].size
		n++
	}
	batch := o.items[:n:n]
	if n == len(o.items) {
		*o = outbox{}
		return batch
	}
	for _, m := range batch {
		delete(o.index, m.key)
	}
	o.items, o.size, o.taken = o.items[n:], o.size-size, o.taken+n
	return batch
}

func (o *outbox) clear()      { *o = outbox{} }
func (o *outbox) empty() bool { return len(o.items) == 0 }
