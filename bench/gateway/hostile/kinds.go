package hostile

import (
	"bytes"
	"fmt"
	"time"
)

// kind is one way to be hostile.
type kind struct {
	name   string
	reason string // what the gateway counts those it drops as; "" where it drops none
	from   string // the address they come from
	// clients are there at a time; who has been dropped is replaced, and so are
	// those that leave, but no more than connects a second connect.
	clients  int
	connects int
	stays    time.Duration // then a client leaves without a word; 0: it never does

	receive   int    // bytes of the socket's receive buffer; 0: the system's choice
	upgrades  bool   // connects as a WebSocket
	extension string // that a WebSocket offers
	// hello is sent at once by client n.
	hello func(n int) []byte
	// piece is sent again and again, pieces times a second, as far as the gateway
	// takes it.
	piece  []byte
	pieces int
	// drains says that what comes is read and forgotten.
	drains bool
}

// Where they come from. What is bounded by address is 1,000 by default: those who
// never read fill that, half requests and the storm go beyond it.
const (
	deafFrom  = "127.0.0.2"
	halfFrom  = "127.0.0.3"
	stormFrom = "127.0.0.4"
	otherFrom = "127.0.0.5"
)

// Sizes.
const (
	smallest   = 4 << 10 // bytes of the receive buffers of who never reads
	known      = 100     // rooms whose counts, told again and again, fill what the kernel holds for them
	again      = 5       // times; 40 KB each, which the gateway's pace lets through at once
	busiest    = 20      // rooms they then stay in: 40 changes a second at 200 likes/s of 100 videos
	longList   = 10_000  // rooms in one list
	hugeFrame  = 2 << 20 // bytes that a frame announces
	bombBytes  = 8 << 20 // bytes that a compressed message becomes
	onesAtOnce = 50      // frames of one byte in a piece
	partsOnce  = 2_000   // fragments of one byte in a piece
)

// kinds are all that attack. room names a video, the busiest first.
func kinds(room func(i int) string) []kind {
	entered := text("40")
	rooms := func(n int) []byte {
		list := make([]byte, 0, n*40)
		for i := range n {
			list = fmt.Appendf(list, ",%q", room(i))
		}
		return text(fmt.Sprintf(`42["register_room",{"rooms":[%s]}]`, list[1:]))
	}
	same := func(b ...[]byte) func(int) []byte {
		joined := bytes.Join(b, nil)
		return func(int) []byte { return joined }
	}
	wrong := badPackets()
	return []kind{
		{name: "never read", reason: "slow client", from: deafFrom, clients: 1000, connects: 200,
			receive: smallest, upgrades: true, hello: same(entered, bytes.Repeat(rooms(known), again), rooms(busiest))},
		{name: "half a request", reason: NoRequest, from: halfFrom, clients: 2000, connects: 300,
			hello: same([]byte("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: gateway\r\nUpgrade: webs"))},
		{name: "never enter", reason: "connect timeout", from: otherFrom, clients: 200, connects: 40,
			upgrades: true, hello: same()},
		{name: "one-byte packets", reason: "too many packets", from: otherFrom, clients: 24, connects: 24,
			upgrades: true, hello: same(entered), piece: bytes.Repeat(text("3"), onesAtOnce), pieces: 20},
		{name: "one-byte fragments", reason: "payload too big", from: otherFrom, clients: 4, connects: 4,
			upgrades: true, hello: same(entered, frame(opText, []byte("4"))), piece: bytes.Repeat(frame(opMore, []byte("x")), partsOnce), pieces: 20},
		{name: "oversize frames", reason: "payload too big", from: otherFrom, clients: 20, connects: 20,
			upgrades: true, hello: same(entered, announce(hugeFrame))},
		{name: "deflate bombs", reason: "payload too big", from: otherFrom, clients: 10, connects: 10,
			upgrades: true, extension: "permessage-deflate; server_no_context_takeover; client_no_context_takeover", hello: same(entered, bomb(bombBytes))},
		{name: "10,000 rooms", from: otherFrom, clients: 10, connects: 10,
			upgrades: true, hello: same(entered), piece: rooms(longList), pieces: 2, drains: true},
		{name: "bad packets", reason: "parse error", from: otherFrom, clients: 40, connects: 40,
			upgrades: true, hello: func(n int) []byte { return append(bytes.Clone(entered), wrong[n%len(wrong)]...) }},
		{name: "connect storm", from: stormFrom, clients: 2000, connects: 300, stays: 5 * time.Second,
			upgrades: true, hello: same()},
	}
}

// NoRequest is the Reason of connections that end before there was a request: the
// gateway counts them, but they are no sessions.
const NoRequest = "no request"
