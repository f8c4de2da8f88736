package server

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"distributed-counter/likes"
)

// maxPage bounds the page: all its files together are kept in memory.
const maxPage = 32 << 20

// page serves files that do not change while the process runs.
type page struct {
	files map[string]file // by path, without the slash in front
}

type file struct {
	contentType, cache, tag string
	body, gzipped           []byte // gzipped is nil where that is no smaller
}

func newPage(from fs.FS) (*page, error) {
	p := &page{files: make(map[string]file)}
	if from == nil {
		return p, nil
	}
	left := int64(maxPage)
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if left -= int64(len(body)); left < 0 {
			return fmt.Errorf("more than %d bytes", maxPage)
		}
		p.files[name] = newFile(name, body)
		return nil
	})
	if _, is := p.files["index.html"]; err == nil && !is {
		err = errors.New("there is no index.html")
	}
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	return p, nil
}

func newFile(name string, body []byte) file {
	f := file{contentType: mime.TypeByExtension(path.Ext(name)), cache: "no-cache", tag: tag(body), body: body}
	if f.contentType == "" {
		f.contentType = http.DetectContentType(body)
	}
	if strings.HasPrefix(name, "assets/") {
		f.cache = "public, max-age=31536000, immutable" // another content has another name
	}
	var small bytes.Buffer
	z, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // this level exists
	_, _ = z.Write(body)                                      // to memory
	_ = z.Close()
	if small.Len() < len(body)*9/10 {
		f.gzipped = small.Bytes()
	}
	return f
}

// noPage is for a gateway without one.
const noPage = "This is the gateway of a like counter; it has no page built in.\n" +
	"Counts: /videos/{id}/likes and /videos/trending; pushed over Socket.IO at /socket.io/.\n"

func (p *page) serve(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	f, is := p.files[name]
	h := w.Header()
	switch {
	case !is && len(p.files) == 0 && name == "index.html":
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		writeBody(w, r, http.StatusOK, []byte(noPage))
		return nil
	case !is:
		return problem{http.StatusNotFound, "the page has no such file"}
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cache)
	h.Add("Vary", "Accept-Encoding")
	body, etag := f.body, f.tag
	if f.gzipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body, etag = f.gzipped, strings.TrimSuffix(f.tag, `"`)+`-gz"`
	}
	if !unchanged(w, r, etag) {
		writeBody(w, r, http.StatusOK, body)
	}
	return nil
}

// serveConfig tells the page what it cannot know by itself.
func (g *gateway) serveConfig(w http.ResponseWriter, r *http.Request) error {
	type window struct {
		Name  string `json:"name"`
		Event string `json:"event"` // of its final counts
		Ms    int64  `json:"ms"`
	}
	config := struct {
		API      string   `json:"api"` // "/videos/…" is appended to it
		Live     string   `json:"live_event"`
		Windows  []window `json:"windows"`
		MaxRooms int      `json:"max_rooms"`
	}{API: g.apiURL(r), Live: liveEvent, MaxRooms: g.cfg.MaxRooms}
	for i, l := range likes.Windows {
		config.Windows = append(config.Windows, window{l.Name, g.cfg.EventNames[i], int64(l.Panes) * g.cfg.Pane.Milliseconds()})
	}
	return writeTagged(w, r, config)
}

// apiURL is where likes are sent. One that begins with a colon is on the host
// that the page was asked of, whatever name that has here.
func (g *gateway) apiURL(r *http.Request) string {
	if !strings.HasPrefix(g.cfg.APIURL, ":") {
		return g.cfg.APIURL
	}
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	host := r.Host
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return scheme + "://" + host + g.cfg.APIURL
}
