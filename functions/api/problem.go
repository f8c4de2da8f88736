package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// problem is an error with a status and the sentence that the client reads: it
// says what is wrong and what to do.
type problem struct {
	status int
	detail string
}

func (p problem) Error() string { return strconv.Itoa(p.status) + ": " + p.detail }

// retryAfter is what clients are told to wait, in seconds, where trying again
// may help.
const retryAfter = "1"

// writeProblem is the one place where an error becomes an answer.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p.status == http.StatusServiceUnavailable || p.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryAfter)
	}
	writeJSON(w, r, p.status, "application/problem+json", struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{"about:blank", http.StatusText(p.status), p.status, p.detail})
}

// writeJSON answers with a value; what cannot be written has lost its reader.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, contentType string, value any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // an id is shown as it was sent
	if err := enc.Encode(value); err != nil {
		status = http.StatusInternalServerError // a value that no answer of ours has
	}
	writeBody(w, r, status, contentType, bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}

// writeBody leaves the body out where HEAD asks: in a Lambda nobody else does.
func writeBody(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// recorder remembers the status for the metrics.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
