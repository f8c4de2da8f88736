package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// maxBody is the longest body of a like that is read, in bytes. The original's
// page sends "{}".
const maxBody = 64 << 10

const jsonType = "application/json; charset=utf-8"

// serveLike answers 200 once the like is durable. The cheap questions come
// first, so that nothing that is refused has touched Kafka.
func (a *API) serveLike(w http.ResponseWriter, r *http.Request, escapedID string) error {
	id, err := parseID(escapedID)
	if err != nil {
		return err
	}
	if err := checkBody(w, r); err != nil {
		return err
	}
	select {
	case a.inFlight <- struct{}{}:
		defer func() { <-a.inFlight }()
	default:
		return problem{http.StatusTooManyRequests,
			fmt.Sprintf("%d likes are waiting already: send this one again in a second", cap(a.inFlight))}
	}
	a.metrics.inFlight.Inc()
	defer a.metrics.inFlight.Dec()
	if err := a.producer.send(r.Context(), id, traceContext(r.Header)); err != nil {
		return unavailable(err)
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, r, http.StatusOK, jsonType, map[string]likes.VideoID{"new video": id})
	return nil
}

func parseID(escaped string) (likes.VideoID, error) {
	text, err := url.PathUnescape(escaped)
	if err != nil {
		return "", problem{http.StatusBadRequest, "the video id is not percent-encoded as of RFC 3986: a percent sign is written %25"}
	}
	id, err := likes.ParseVideoID([]byte(text))
	if err != nil {
		return "", problem{http.StatusBadRequest,
			fmt.Sprintf("%s: send 1 to %d bytes of UTF-8 without control characters, percent-encoded", err, likes.MaxVideoID)}
	}
	return id, nil
}

// checkBody reads the body away: what it says is ignored. What it is said to
// be is not: somebody who uploads a picture here is better told.
func checkBody(w http.ResponseWriter, r *http.Request) error {
	if !isBodyType(r.Header.Get("Content-Type")) {
		return problem{http.StatusUnsupportedMediaType,
			"the body of a like is ignored: send none, or application/json, text/plain or a form"}
	}
	tooLarge := problem{http.StatusRequestEntityTooLarge,
		fmt.Sprintf("the body of a like is ignored: send none, or at most %d bytes", maxBody)}
	if r.ContentLength > maxBody {
		return tooLarge
	}
	if r.Body == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	var limit *http.MaxBytesError
	switch {
	case errors.As(err, &limit):
		return tooLarge
	case err != nil:
		return problem{http.StatusBadRequest, "the body ended early: send all of it, or none"}
	}
	return nil
}

func isBodyType(header string) bool {
	if header == "" {
		return true
	}
	t, _, err := mime.ParseMediaType(header)
	switch t {
	case "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data":
		return err == nil
	}
	return err == nil && strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
}

// traceContext hands the W3C headers on, so that a trace goes from the browser
// to the topic. Their length is bounded: they are stored with the like.
func traceContext(h http.Header) []kgo.RecordHeader {
	const longest = 512
	var headers []kgo.RecordHeader
	for _, name := range []string{"traceparent", "tracestate"} {
		if v := h.Get(name); v != "" && len(v) <= longest {
			headers = append(headers, kgo.RecordHeader{Key: name, Value: []byte(v)})
		}
	}
	return headers
}
