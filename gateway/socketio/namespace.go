package socketio

import (
	"maps"
	"runtime"
	"slices"
	"sync"
)

// Namespace is a part of the server that clients enter on their own. Its methods
// may be called by anybody at any time.
type Namespace struct {
	name    string
	handler Handler

	mu    sync.Mutex // guards what follows and Socket.rooms; nothing is called while it is held
	all   room
	rooms map[string]*room // without empty ones
}

// room is a set of sockets.
type room struct {
	members map[*Socket]struct{}
	list    []*Socket // the members, never changed; nil when it must be made anew
}

func newNamespace(name string, handler Handler) *Namespace {
	return &Namespace{name: name, handler: handler, rooms: make(map[string]*room)}
}

// Name is the namespace's, "/" for the main one.
func (n *Namespace) Name() string { return n.name }

// Send sends m to every socket in the room, without waiting for any of them,
// and returns how many there are.
func (n *Namespace) Send(room string, m Message) int {
	n.mu.Lock()
	r := n.rooms[room]
	var members []*Socket
	if r != nil {
		members = r.snapshot()
	}
	n.mu.Unlock()
	return send(members, m)
}

// Broadcast sends m to every socket in the namespace and returns how many there
// are.
func (n *Namespace) Broadcast(m Message) int {
	n.mu.Lock()
	members := n.all.snapshot()
	n.mu.Unlock()
	return send(members, m)
}

// chunk is how many members of a room are at least sent a message by one
// goroutine: to the members of a large room, several send.
const chunk = 128

func send(members []*Socket, m Message) int {
	n := len(members)
	if n < 2*chunk {
		for _, s := range members {
			s.Send(m)
		}
		return n
	}
	var sending sync.WaitGroup
	parts := min(n/chunk, runtime.GOMAXPROCS(0))
	for i := range parts {
		sending.Go(func() {
			for _, s := range members[i*n/parts : (i+1)*n/parts] {
				s.Send(m)
			}
		})
	}
	sending.Wait()
	return n
}

// Size returns how many sockets are in the room.
func (n *Namespace) Size(room string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r := n.rooms[room]; r != nil {
		return len(r.members)
	}
	return 0
}

// Sockets returns how many sockets have entered.
func (n *Namespace) Sockets() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.all.members)
}

// Rooms returns the names of the rooms that somebody is in, sorted.
func (n *Namespace) Rooms() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.rooms))
}

// enter counts s among all.
func (n *Namespace) enter(s *Socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all.add(s)
}

// leave takes s out of everything, for good.
func (n *Namespace) leave(s *Socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all.remove(s)
	n.setRooms(s, nil)
	s.rooms = nil
	s.roomless = true
}

// setRooms makes wanted, which has no duplicates, the rooms of s. The caller
// holds mu.
func (n *Namespace) setRooms(s *Socket, wanted map[string]struct{}) {
	if s.roomless {
		return
	}
	for name := range s.rooms {
		if _, stays := wanted[name]; !stays {
			n.quit(s, name)
		}
	}
	for name := range wanted {
		n.join(s, name)
	}
}

// join puts s into a room. The caller holds mu.
func (n *Namespace) join(s *Socket, name string) {
	if _, is := s.rooms[name]; is || s.roomless {
		return
	}
	if s.rooms == nil {
		s.rooms = make(map[string]struct{})
	}
	s.rooms[name] = struct{}{}
	r := n.rooms[name]
	if r == nil {
		r = new(room)
		n.rooms[name] = r
	}
	r.add(s)
}

// quit takes s out of a room. The caller holds mu.
func (n *Namespace) quit(s *Socket, name string) {
	if _, is := s.rooms[name]; !is {
		return
	}
	delete(s.rooms, name)
	r := n.rooms[name]
	if r.remove(s); len(r.members) == 0 {
		delete(n.rooms, name)
	}
}

func (r *room) add(s *Socket) {
	if r.members == nil {
		r.members = make(map[*Socket]struct{})
	}
	r.members[s] = struct{}{}
	r.list = nil
}

func (r *room) remove(s *Socket) {
	delete(r.members, s)
	r.list = nil
}

// snapshot lists the members. The list is made once for all messages between
// two changes of the room.
func (r *room) snapshot() []*Socket {
	if r.list == nil && len(r.members) > 0 {
		r.list = slices.Collect(maps.Keys(r.members))
	}
	return r.list
}
