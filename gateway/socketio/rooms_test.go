package socketio_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio"
	"distributed-counter/gateway/socketio/engineio"
	"distributed-counter/gateway/socketio/sockettest"

	"pgregory.net/rapid"
)

// message prepares an event of the main namespace.
func (w *world) message(event string, args ...any) socketio.Message {
	w.Helper()
	m, err := w.main.Prepare(event, args...)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// A socket is in exactly the rooms of its last list.
func TestSetRooms(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		client := w.enter()
		socket := w.socket(0)
		send := func(rooms ...string) (reached int) {
			for _, room := range rooms {
				reached += w.main.Send(room, w.message("to", room))
			}
			return reached
		}
		socket.SetRooms([]string{"a", "b", "b"})
		if got := send("a", "b", "c"); got != 2 {
			w.Errorf("in a and b: reached %d rooms of a, b, c, want 2", got)
		}
		w.read(client, `42["to","a"]`, `42["to","b"]`)

		socket.SetRooms([]string{"b", "c"})
		if got := send("a", "b", "c"); got != 2 {
			w.Errorf("in b and c: reached %d rooms of a, b, c, want 2", got)
		}
		w.read(client, `42["to","b"]`, `42["to","c"]`)

		socket.Join("d")
		socket.Leave("b")
		if got := socket.Rooms(); !slices.Equal(got, []string{"c", "d"}) {
			w.Errorf("got rooms %q, want c and d", got)
		}
		socket.SetRooms(nil)
		if got := send("a", "b", "c", "d"); got != 0 || len(w.main.Rooms()) != 0 {
			w.Errorf("in none: reached %d, rooms are left: %q", got, w.main.Rooms())
		}
		w.quiet(client)
	})
}

// Rooms against a model: after any changes, a message to a room reaches its
// members and nobody else, and rooms without members are gone.
func TestRoomsAgainstAModel(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(r *rapid.T) {
		inWorld(t, engineio.Config{}, func(w *world) {
			const clients = 3
			var sockets []*socketio.Socket
			received := make([][]string, clients)
			for i := range clients {
				client := w.enter()
				sockets = append(sockets, w.socket(i))
				go func() {
					for {
						e, err := client.Next()
						if err != nil {
							return
						}
						received[i] = append(received[i], e.Name)
					}
				}()
			}
			gone := make([]bool, clients)
			model := make([]map[string]bool, clients)
			for i := range model {
				model[i] = make(map[string]bool)
			}
			want := make([][]string, clients)
			for step := range rapid.IntRange(1, 20).Draw(r, "steps") {
				i := rapid.IntRange(0, clients-1).Draw(r, "client")
				room := rapid.SampledFrom(names).Draw(r, "room")
				switch rapid.SampledFrom([]string{"set", "set", "join", "join", "leave", "leave", "gone"}).Draw(r, "what") {
				case "set":
					list := rapid.SliceOf(rapid.SampledFrom(names)).Draw(r, "list")
					clear(model[i])
					for _, name := range list {
						model[i][name] = true
					}
					sockets[i].SetRooms(list)
				case "join":
					model[i][room] = true
					sockets[i].Join(room)
				case "leave":
					delete(model[i], room)
					sockets[i].Leave(room)
				case "gone":
					clear(model[i])
					gone[i] = true
					sockets[i].Close()
					synctest.Wait()
				}
				if gone[i] { // what it is told afterwards does nothing
					clear(model[i])
				}
				event := fmt.Sprint(step)
				reached := w.main.Send(room, w.message(event))
				for j := range clients {
					if model[j][room] {
						want[j] = append(want[j], event)
						reached--
					}
				}
				if reached != 0 {
					r.Fatalf("step %d: a message to %s reached %d too many", step, room, reached)
				}
			}
			synctest.Wait()
			for i := range clients {
				if !slices.Equal(received[i], want[i]) {
					r.Fatalf("client %d received %q, want %q", i, received[i], want[i])
				}
			}
		})
	})
}

// Everybody in the namespace, and nobody in another.
func TestBroadcast(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		first, second, other := w.enter(), w.enter(), w.open()
		w.send(other, "40/custom,")
		other.ReadText()
		synctest.Wait()
		if got := w.main.Broadcast(w.message("all", 1)); got != 2 || w.main.Sockets() != 2 {
			w.Errorf("reached %d of %d sockets, want 2 of 2", got, w.main.Sockets())
		}
		w.read(first, `42["all",1]`)
		w.read(second, `42["all",1]`)
		w.quiet(other)
	})
}

// A client that is behind gets the newest value per event and key, whether it
// was sent to its room or to itself.
func TestEmitLatest(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		client := w.enter()
		socket := w.socket(0)
		socket.SetRooms([]string{"cat", "dog"})
		socket.Emit("first") // is under way while the others queue
		synctest.Wait()
		for i := range 100 {
			for _, video := range []string{"cat", "dog"} {
				m, err := w.main.PrepareLatest(video, "count", video, i)
				if err != nil {
					w.Fatal(err)
				}
				w.main.Send(video, m)
			}
		}
		socket.EmitLatest("cat", "count", "cat", "snapshot")
		socket.EmitLatest("cat", "other event", "cat")
		w.read(client, `42["first"]`, `42["count","cat","snapshot"]`, `42["count","dog",99]`, `42["other event","cat"]`)
		if got := w.server.Stats().Coalesced; got != 199 {
			w.Errorf("got %d coalesced, want 199", got)
		}
		w.quiet(client)
	})
}

// A thousand clients that never read cost the one that does nothing, hold a
// bounded queue each, and are dropped and counted.
func TestClientsThatNeverRead(t *testing.T) {
	const deaf = 1000
	cfg := engineio.Config{MaxQueue: 10, WriteTimeout: 5 * time.Second}
	inWorld(t, cfg, func(w *world) {
		w.app.connect = func(s *socketio.Socket, _ json.RawMessage) error {
			s.Join("room")
			return nil
		}
		for range deaf {
			w.enter()
		}
		healthy := w.enter()
		synctest.Wait()
		for i := range 100 {
			w.main.Send("room", w.message("news", i))
			begin := time.Now()
			w.read(healthy, fmt.Sprintf(`42["news",%d]`, i))
			if got := time.Since(begin); got != 0 {
				w.Errorf("news %d took %v, want no time", i, got)
			}
		}
		synctest.Wait()
		stats := w.server.Stats()
		if stats.Closed[engineio.SlowClient] != deaf || stats.Sessions != 1 || w.main.Size("room") != 1 {
			w.Errorf("got %d dropped, %d sessions, %d in the room, want %d, 1 and 1",
				stats.Closed[engineio.SlowClient], stats.Sessions, w.main.Size("room"), deaf)
		}
	})
}

// Ten thousand rooms in one list are the application's to refuse; the server
// bears them, and they are gone with their client.
func TestManyRooms(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		rooms := make([]string, 10_000)
		for i := range rooms {
			rooms[i] = fmt.Sprint("room ", i)
		}
		client, err := sockettest.Connect(w.Context(), w.options())
		if err != nil {
			w.Fatal(err)
		}
		w.socket(0).SetRooms(rooms)
		if got := len(w.main.Rooms()); got != 10_000 {
			w.Errorf("got %d rooms, want 10,000", got)
		}
		client.Close()
		synctest.Wait()
		if got := len(w.main.Rooms()); got != 0 {
			w.Errorf("after the client has gone: got %d rooms, want none", got)
		}
	})
}
