package server

import (
	"encoding/json"
	"strconv"
	"time"

	"distributed-counter/gateway/feed"
	"distributed-counter/gateway/socketio"
	"distributed-counter/likes"
)

// finalCount is the payload of a final count. The first two members are the
// original's.
type finalCount struct {
	ID    likes.VideoID `json:"id"`
	Count uint64        `json:"count"`
	Type  string        `json:"type"`
	Start time.Time     `json:"window_start"`
	End   time.Time     `json:"window_end"` // exclusive
	Late  uint64        `json:"late"`
	Total uint64        `json:"total"`
}

// snapshot is all that is known of a video.
func (r *rooms) snapshot(v feed.Video) []socketio.Message {
	var all []socketio.Message
	for i, f := range v.Finals {
		if f.Count > 0 {
			all = append(all, r.final(i, f))
		}
	}
	if v.Live.Video != "" {
		all = append(all, r.running(v.Live))
	}
	return all
}

func (r *rooms) running(l likes.Live) socketio.Message {
	return r.message(string(l.Video), liveEvent, json.RawMessage(l.Append(nil)))
}

func (r *rooms) final(window int, f likes.Final) socketio.Message {
	// Two kinds may have been given one event name.
	key := likes.Windows[window].Name + " " + string(f.Video)
	if r.feed.Recent(f) { // no other window's count takes its place
		key = strconv.FormatInt(f.Start.UnixMilli(), 36) + " " + key
	}
	return r.message(key, r.cfg.EventNames[window], finalCount{f.Video, f.Count, f.Type, f.Start, f.End, f.Late, f.Total})
}

func (r *rooms) message(key, event string, payload any) socketio.Message {
	m, err := r.all.PrepareLatest(key, event, payload)
	if err != nil {
		panic("server: " + event + ": " + err.Error()) // ids, numbers and times can be encoded
	}
	return m
}
