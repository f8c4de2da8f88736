package engineio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
)

// refusal is a request that is answered with an error of the protocol.
type refusal struct {
	Status  int    `json:"-"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// The refusals. Codes 0 to 5 and their messages are the protocol's; the last
// two use code 4 with words of their own.
var (
	errTransport    = refusal{http.StatusBadRequest, 0, "Transport unknown"}
	errSession      = refusal{http.StatusBadRequest, 1, "Session ID unknown"}
	errMethod       = refusal{http.StatusBadRequest, 2, "Bad handshake method"}
	errBadRequest   = refusal{http.StatusBadRequest, 3, "Bad request"}
	errForbidden    = refusal{http.StatusForbidden, 4, "Forbidden"}
	errProtocol     = refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
	errFull         = refusal{http.StatusServiceUnavailable, 4, "Too many connections"}
	errAddress      = refusal{http.StatusTooManyRequests, 4, "Too many connections from this address"}
	errPayloadLarge = refusal{http.StatusRequestEntityTooLarge, 3, "Payload too large"}
)

// refuse answers r with the refusal and counts it.
func (s *Server) refuse(w http.ResponseWriter, f refusal) {
	s.counters.refused(f.Message)
	body, err := json.Marshal(f)
	if err != nil {
		panic("marshal of a struct of a number and a string: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if f.Status == http.StatusServiceUnavailable || f.Status == http.StatusTooManyRequests {
		h.Set("Retry-After", "5")
	}
	w.WriteHeader(f.Status)
	w.Write(body)
}

// allowOrigin applies Config.Origins: it sets the CORS headers and reports
// whether the request is to be served.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if slices.Contains(s.cfg.Origins, "*") || slices.Contains(s.cfg.Origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// preflight answers an OPTIONS request of an allowed origin.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
