package api

import "net/http"

// cors says which pages a browser lets use the API. It is the browser that
// obeys: other clients are not held back by it.
type cors struct {
	all     bool
	origins map[string]bool
}

func newCORS(origins []string) cors {
	c := cors{origins: make(map[string]bool, len(origins))}
	for _, o := range origins {
		c.all = c.all || o == "*"
		c.origins[o] = true
	}
	return c
}

// allow marks an answer, errors too, as readable for the page that asked.
func (c cors) allow(h http.Header, r *http.Request) {
	if c.all {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Add("Vary", "Origin") // caches must not hand one origin's answer to another
		origin := r.Header.Get("Origin")
		if !c.origins[origin] {
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
	}
	h.Set("Access-Control-Expose-Headers", "Retry-After")
}

// preflight answers the question that a browser asks before the request. It
// comes after allow.
func (c cors) preflight(h http.Header, r *http.Request, methods string) {
	if r.Header.Get("Access-Control-Request-Method") == "" || h.Get("Access-Control-Allow-Origin") == "" {
		return
	}
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "accept, content-type, traceparent, tracestate, x-requested-with")
	h.Set("Access-Control-Max-Age", "600")
}
