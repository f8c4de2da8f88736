package server

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"distributed-counter/gateway/feed"
	"distributed-counter/likes"
)

// videoCounts is the answer to GET /videos/{id}/likes.
type videoCounts struct {
	ID    likes.VideoID `json:"id"`
	Total uint64        `json:"total"`
	// Windows has a member per row of likes.Windows, by its name.
	Windows map[string]windowCounts `json:"windows"`
}

// windowCounts are the counts of one window size: of the window that is
// current by the gateway's clock, and of the last one that closed with likes,
// as far as it is known.
type windowCounts struct {
	Running bounded `json:"running"`
	Final   *closed `json:"final"` // null: none is known
}

type bounded struct {
	Count uint64    `json:"count"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"` // exclusive
}

type closed struct {
	bounded
	Late  uint64 `json:"late"`
	Total uint64 `json:"total"`
}

func (g *gateway) serveLikes(w http.ResponseWriter, r *http.Request, segment string) error {
	text, err := url.PathUnescape(segment)
	if err != nil {
		return problem{http.StatusBadRequest, "the id in the path is not percent-encoded as it should be"}
	}
	id, err := likes.ParseVideoID([]byte(text))
	if err != nil {
		return problem{http.StatusBadRequest, err.Error()}
	}
	if err := known(g.feed); err != nil {
		return err
	}
	v, now := g.feed.Video(id), time.Now()
	answer := videoCounts{ID: id, Total: v.Total(), Windows: make(map[string]windowCounts)}
	for i, window := range likes.Windows {
		run := v.Current(i, now, g.cfg.Pane)
		c := windowCounts{Running: bounded{run.Count, run.Start, run.End}}
		if f := v.Finals[i]; f.Count > 0 {
			c.Final = &closed{bounded{f.Count, f.Start, f.End}, f.Late, f.Total}
		}
		answer.Windows[window.Name] = c
	}
	return writeTagged(w, r, answer)
}

// defaultLimit is how many videos are listed when nobody says; the most is
// feed.MaxTrending.
const defaultLimit = 10

// trending is the answer to GET /videos/trending.
type trending struct {
	Window string          `json:"window"`
	Start  time.Time       `json:"start"`
	End    time.Time       `json:"end"`
	Videos []trendingVideo `json:"videos"` // most first; equal ones by id
}

type trendingVideo struct {
	ID    likes.VideoID `json:"id"`
	Count uint64        `json:"count"`
	Total uint64        `json:"total"`
}

func (g *gateway) serveTrending(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	window, limit := 0, defaultLimit
	if name := query.Get("window"); query.Has("window") {
		window = slices.IndexFunc(likes.Windows[:], func(w likes.Window) bool { return w.Name == name })
		if window < 0 {
			return problem{http.StatusBadRequest, "window: expected 1min, 5min or 10min"}
		}
	}
	if query.Has("limit") {
		var err error
		limit, err = strconv.Atoi(query.Get("limit"))
		if err != nil || limit < 1 || limit > feed.MaxTrending {
			return problem{http.StatusBadRequest, "limit: expected a number from 1 to " + strconv.Itoa(feed.MaxTrending)}
		}
	}
	if err := known(g.feed); err != nil {
		return err
	}
	start, end, top := g.feed.Trending(window, limit, time.Now())
	answer := trending{likes.Windows[window].Name, start, end, make([]trendingVideo, 0, len(top))}
	for _, t := range top {
		answer.Videos = append(answer.Videos, trendingVideo{t.Video, t.Count, t.Total})
	}
	return writeTagged(w, r, answer)
}
