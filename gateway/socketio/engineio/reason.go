package engineio

import "github.com/gorilla/websocket"

// Reason says why a session ended. The first six are the words of the reference
// implementation, which clients' authors know.
type Reason string

// Why a session ends.
const (
	TransportClose Reason = "transport close"      // the client went, or said it would
	TransportError Reason = "transport error"      // the connection broke
	PingTimeout    Reason = "ping timeout"         // no pong within Config.PingTimeout
	ParseError     Reason = "parse error"          // the client sent what cannot be decoded
	ForcedClose    Reason = "forced close"         // the application closed it
	ServerShutdown Reason = "server shutting down" // Server.Close
	ConnectTimeout Reason = "connect timeout"      // not established within Config.ConnectTimeout
	SlowClient     Reason = "slow client"          // its queue ran over, or a write took too long
	PayloadTooBig  Reason = "payload too big"      // more than Config.MaxPayload at once
	TooManyPackets Reason = "too many packets"     // above Config.PacketRate
	Overloaded     Reason = "overloaded"           // Config.MaxReadBytes are being read already
	Overlap        Reason = "overlapping requests" // two GETs or two POSTs at once
)

// ending is how a session with some reason is ended.
type ending struct {
	code  int    // the WebSocket close code
	flush bool   // what is queued is still sent
	abort bool   // the connection is cut, without a word
	last  string // what a polling client's GET is answered; "" for 400
}

// endings has a line for each reason; others end like ForcedClose.
var endings = map[Reason]ending{
	TransportClose: {code: websocket.CloseNormalClosure, last: "6"},
	TransportError: {code: websocket.CloseAbnormalClosure, abort: true},
	PingTimeout:    {code: websocket.ClosePolicyViolation},
	ParseError:     {code: websocket.CloseProtocolError},
	ForcedClose:    {code: websocket.CloseNormalClosure, flush: true, last: "1"},
	ServerShutdown: {code: websocket.CloseGoingAway, flush: true, last: "1"},
	ConnectTimeout: {code: websocket.ClosePolicyViolation, last: "1"},
	SlowClient:     {code: websocket.ClosePolicyViolation, abort: true},
	PayloadTooBig:  {code: websocket.CloseMessageTooBig},
	TooManyPackets: {code: websocket.ClosePolicyViolation},
	Overloaded:     {code: websocket.CloseTryAgainLater},
	Overlap:        {code: websocket.ClosePolicyViolation, last: "1"},
}

func (r Reason) ending() ending {
	if e, ok := endings[r]; ok {
		return e
	}
	return endings[ForcedClose]
}
