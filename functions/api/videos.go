package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"distributed-counter/likes"
)

// Video is an entry of the list that pages show. A video need not be in it to
// be liked.
type Video struct {
	ID    likes.VideoID `json:"unique_identifier"`
	Title string        `json:"title"` // 1 to 200 bytes of UTF-8 without control characters
}

// DefaultVideos is the list of the original program, with ids that stay.
func DefaultVideos() []Video {
	return []Video{
		{"93f98662-8907-4f43-bb4c-280501481046", "Stream processing made simple"},
		{"69e7266c-753e-4ed3-b7fc-9035133a293f", "Faust rocks"},
		{"00000000-0000-4000-8000-000000000001", "How to create distributed counter"},
	}
}

// Bounds of a list of videos.
const (
	maxVideos     = 1000
	maxTitle      = 200
	maxVideosFile = 1 << 20
)

// ReadVideos reads a list from a JSON file,
// [{"unique_identifier":"…","title":"…"}]: 1 to 1000 videos with ids that
// differ. Mains call it at the start, so that a bad list stops it.
func ReadVideos(path string) ([]Video, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open list of videos: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxVideosFile+1))
	if err != nil {
		return nil, fmt.Errorf("read list of videos: %w", err)
	}
	if len(text) > maxVideosFile {
		return nil, fmt.Errorf("list of videos %s is longer than %d bytes", path, maxVideosFile)
	}
	var videos []Video
	if err := json.Unmarshal(text, &videos); err != nil {
		return nil, fmt.Errorf(`list of videos %s: expected [{"unique_identifier":"…","title":"…"}]: %w`, path, err)
	}
	if _, err := encodeVideos(videos); err != nil {
		return nil, fmt.Errorf("list of videos %s: %w", path, err)
	}
	return videos, nil
}

// encodeVideos checks a list and makes the answer that serves it.
func encodeVideos(videos []Video) ([]byte, error) {
	if len(videos) == 0 || len(videos) > maxVideos {
		return nil, fmt.Errorf("%d videos: expected 1 to %d", len(videos), maxVideos)
	}
	seen := make(map[likes.VideoID]int, len(videos))
	for i, v := range videos {
		if err := likes.CheckVideoID([]byte(v.ID)); err != nil {
			return nil, fmt.Errorf("video %d: %w", i+1, err)
		}
		if first, ok := seen[v.ID]; ok {
			return nil, fmt.Errorf("video %d has the id of video %d: %s", i+1, first, v.ID)
		}
		seen[v.ID] = i + 1
		if v.Title == "" || len(v.Title) > maxTitle || !utf8.ValidString(v.Title) || strings.ContainsFunc(v.Title, unicode.IsControl) {
			return nil, fmt.Errorf("title of video %d: expected 1 to %d bytes of UTF-8 without control characters", i+1, maxTitle)
		}
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(videos); err != nil {
		return nil, fmt.Errorf("encode list of videos: %w", err)
	}
	return bytes.TrimSpace(body.Bytes()), nil
}

func (a *API) serveVideos(w http.ResponseWriter, r *http.Request) error {
	writeBody(w, r, http.StatusOK, jsonType, a.videos)
	return nil
}
