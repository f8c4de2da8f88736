package engineio

import (
	"errors"
	"io"
	"net"
	"os"
)

// Why a message is not read to its end.
var (
	errTooBig = errors.New("more than the greatest payload")
	errBusy   = errors.New("too much is being read already")
)

// readBounded reads r to its end: at most Config.MaxPayload bytes, whatever
// they were before decompression, and only while all such reads together hold
// no more than Config.MaxReadBytes.
func (s *Server) readBounded(r io.Reader) ([]byte, error) {
	held := 0 // bytes counted in s.reading
	defer func() { s.reading.Add(int64(-held)) }()
	data := make([]byte, 0, readBuffer)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case len(data) > s.cfg.MaxPayload:
			return nil, errTooBig
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, err
		case len(data) < cap(data):
			continue
		}
		size := min(2*cap(data), s.cfg.MaxPayload+1)
		if size > freeBytes {
			if s.reading.Add(int64(size-held)) > s.cfg.MaxReadBytes {
				s.reading.Add(int64(held - size))
				return nil, errBusy
			}
			held = size
		}
		data = append(make([]byte, 0, size), data...)
	}
}

// isNetwork reports whether err is the network's, not the protocol's.
func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, os.ErrDeadlineExceeded)
}
