package replicas

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// pass passes a request on. Where it fails, the client may still be answered.
func (r *Replicas) pass(w http.ResponseWriter, req *http.Request, addr string) error {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	defer context.AfterFunc(r.stopping, cancel)() // what is under way when the gateway stops has to end
	out := req.Clone(ctx)                         // with the client's Host: the other replica judges origins by it
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", addr, ""
	out.Header.Set(passedOn, r.name)
	if strings.EqualFold(req.Header.Get("Upgrade"), "websocket") {
		return r.tunnel(w, out, addr)
	}
	// What concerns the connection between client and us ends here.
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		out.Header.Del(name)
	}
	control := http.NewResponseController(w)
	if req.ContentLength != 0 { // a body that trickles in
		_ = control.SetReadDeadline(time.Now().Add(longestPass)) // here and below: a TCP connection has deadlines
	}
	resp, err := r.transport.RoundTrip(out)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	h := w.Header()
	for name, values := range resp.Header {
		h[name] = values
	}
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // there is nobody left to tell
	_ = control.Flush()
	_ = control.SetWriteDeadline(time.Time{}) // the connection goes on
	return nil
}

// tunnel connects a client's WebSocket with the replica, which answers the
// handshake, until either side ends it or does not take what it is sent.
func (r *Replicas) tunnel(w http.ResponseWriter, out *http.Request, addr string) error {
	if !r.begin() {
		return context.Canceled
	}
	defer r.running.Done()
	far, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(out.Context(), "tcp", addr)
	if err != nil {
		return err
	}
	defer far.Close()
	out.Header.Set("Connection", "Upgrade, close") // a tunnel to a refusal ends with it
	_ = far.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := out.Write(far); err != nil {
		return err
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	defer near.Close()
	early, _ := buffered.Peek(buffered.Reader.Buffered()) // it cannot fail: they are there
	both := func() { near.Close(); far.Close() }
	defer context.AfterFunc(r.stopping, both)()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer both()
		move(far, io.MultiReader(strings.NewReader(string(early)), near))
	}()
	move(near, far)
	both()
	<-ended
	return nil
}

// begin counts a tunnel, unless the gateway stops.
func (r *Replicas) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping.Err() != nil {
		return false
	}
	r.running.Add(1)
	return true
}

// move copies one direction of a tunnel to its end.
func move(to net.Conn, from io.Reader) {
	buffer := make([]byte, tunnelBuffer)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			_ = to.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, failed := to.Write(buffer[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
