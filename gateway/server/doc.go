// Package server is the gateway: counts pushed to viewers over Socket.IO, the
// same to be read over HTTP, and the page.
//
//	/socket.io/                       rooms of videos; see below
//	GET /videos/{id}/likes            what is known of one video
//	GET /videos/trending?window=1min  the most liked now
//	GET /config.json                  what the page needs to know
//	GET /replica                      this gateway's name among others
//	GET /                             the page
//
// It hides how the feed of counts, the Socket.IO server and HTTP are wired, and
// what viewers are not allowed to do.
//
// A client says with register_room which videos it watches: the whole list, on
// every change. It gets what is known of each at once, before the acknowledgement
// where it asked for one, then every change: final
// counts under the event names of the settings, running counts and the total
// as live_counts. All values are absolute: a client that is behind gets of each
// video the newest running counts alone, and the final count of each window of
// the last ten panes. One that does not read is dropped. Nobody waits for it.
package server
