package server

import "net/http"

// cors says which pages a browser lets read the counts over HTTP. The Socket.IO
// server has the same list and asks by itself.
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
	h.Set("Access-Control-Expose-Headers", "ETag, Retry-After")
}

// preflight answers the question that a browser asks before a request with
// If-None-Match. It comes after allow.
func (c cors) preflight(h http.Header, r *http.Request) {
	if r.Header.Get("Access-Control-Request-Method") == "" || h.Get("Access-Control-Allow-Origin") == "" {
		return
	}
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "accept, content-type, if-none-match, x-requested-with")
	h.Set("Access-Control-Max-Age", "600")
}
