package sockettest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Options say where a Client goes and what it says there.
type Options struct {
	// URL of the server, "ws://host/socket.io/".
	URL string
	// Dial connects; by default to the URL's host.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Auth is the payload of the CONNECT; nil for none.
	Auth any
	// Compress offers permessage-deflate.
	Compress bool
	// ReadBuffer is in bytes; by default 4,096. Many idle clients want less.
	ReadBuffer int
}

// Client is one WebSocket connection to the main namespace. It reads only while
// Next runs, and answers pings only then; it is for one goroutine.
type Client struct {
	// Conn is the connection below, for tests of what a client must not do.
	Conn *websocket.Conn
	// ID is the socket's, from the answer to CONNECT.
	ID string
}

// Event is what the server sent.
type Event struct {
	Name string
	Args []json.RawMessage
}

// RefusedError is the server's CONNECT_ERROR.
type RefusedError struct {
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// Error implements error.
func (e *RefusedError) Error() string { return "refused: " + e.Message }

// Connect opens a WebSocket and enters the main namespace.
func Connect(ctx context.Context, o Options) (*Client, error) {
	c, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := c.enter(o.Auth); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to the namespace: %w", err)
	}
	return c, nil
}

// Open opens a WebSocket and reads the handshake, but enters no namespace.
func Open(ctx context.Context, o Options) (*Client, error) {
	dialer := websocket.Dialer{
		NetDialContext:    o.Dial,
		EnableCompression: o.Compress,
		ReadBufferSize:    o.ReadBuffer,
		WriteBufferSize:   256,
	}
	conn, _, err := dialer.DialContext(ctx, o.URL+"?EIO=4&transport=websocket", nil)
	if err != nil {
		return nil, fmt.Errorf("open a WebSocket: %w", err)
	}
	c := &Client{Conn: conn}
	text, err := c.ReadText()
	if err == nil && !strings.HasPrefix(text, "0{") {
		err = fmt.Errorf("got %q, want an open packet", text)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return c, nil
}

func (c *Client) enter(auth any) error {
	connect := []byte("40")
	if auth != nil {
		data, err := json.Marshal(auth)
		if err != nil {
			return err
		}
		connect = append(connect, data...)
	}
	if err := c.SendText(string(connect)); err != nil {
		return err
	}
	for {
		text, err := c.ReadText()
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(text, "40"):
			var confirmed struct{ SID string }
			err := json.Unmarshal([]byte(text[2:]), &confirmed)
			c.ID = confirmed.SID
			return err
		case strings.HasPrefix(text, "44"):
			refused := new(RefusedError)
			if err := json.Unmarshal([]byte(text[2:]), refused); err != nil {
				return err
			}
			return refused
		case text != "2":
			return fmt.Errorf("got %q before the answer to CONNECT", text)
		}
		if err := c.SendText("3"); err != nil {
			return err
		}
	}
}

// Emit sends an event.
func (c *Client) Emit(event string, args ...any) error {
	data, err := json.Marshal(append([]any{event}, args...))
	if err != nil {
		return fmt.Errorf("emit %s: %w", event, err)
	}
	return c.SendText("42" + string(data))
}

// Next waits for the next event and answers pings meanwhile. Its error at the
// end of the connection is the WebSocket's *websocket.CloseError.
func (c *Client) Next() (Event, error) {
	for {
		text, err := c.ReadText()
		if err != nil {
			return Event{}, err
		}
		switch {
		case text == "2":
			if err := c.SendText("3"); err != nil {
				return Event{}, err
			}
		case text == "41":
			return Event{}, errors.New("disconnected from the namespace")
		case strings.HasPrefix(text, "42"):
			return parseEvent(text[2:])
		default:
			return Event{}, fmt.Errorf("got %q, want an event", text)
		}
	}
}

// NextWithin is Next, for at most d; afterwards the connection is of no use.
func (c *Client) NextWithin(d time.Duration) (Event, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		return Event{}, err
	}
	defer c.Conn.SetReadDeadline(time.Time{})
	return c.Next()
}

func parseEvent(text string) (Event, error) {
	var values []json.RawMessage
	if err := json.Unmarshal([]byte(text), &values); err != nil || len(values) == 0 {
		return Event{}, fmt.Errorf("event %q: not an array with a name: %w", text, err)
	}
	e := Event{Args: values[1:]}
	if err := json.Unmarshal(bytes.TrimSpace(values[0]), &e.Name); err != nil {
		return Event{}, fmt.Errorf("event name: %w", err)
	}
	return e, nil
}

// ReadText waits for the next frame, a packet as it is on the wire.
func (c *Client) ReadText() (string, error) {
	_, data, err := c.Conn.ReadMessage()
	return string(data), err
}

// SendText sends a packet as it is.
func (c *Client) SendText(packet string) error {
	return c.Conn.WriteMessage(websocket.TextMessage, []byte(packet))
}

// Close cuts the connection.
func (c *Client) Close() error { return c.Conn.Close() }
