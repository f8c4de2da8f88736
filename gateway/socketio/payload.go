package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Payload is what an event or an acknowledgement carries: JSON values, in which
// {"_placeholder":true,"num":n} stands for Attachments[n].
type Payload struct {
	Args        []json.RawMessage
	Attachments [][]byte
}

// Binary is an argument that is sent as it is, not as JSON. It may be an
// argument, not a part of one.
type Binary []byte

// MarshalJSON refuses: a Binary inside another value would have to become text.
func (Binary) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a Binary must be an argument of its own")
}

// placeholder stands for an attachment.
type placeholder struct {
	Placeholder bool `json:"_placeholder"`
	Num         int  `json:"num"`
}

// Values makes a Payload of Go values: a Binary becomes an attachment, anything
// else is marshalled, json.RawMessage unchanged.
func Values(args ...any) (Payload, error) {
	p := Payload{Args: make([]json.RawMessage, len(args))}
	for i, arg := range args {
		if b, ok := arg.(Binary); ok {
			arg = placeholder{true, len(p.Attachments)}
			p.Attachments = append(p.Attachments, b)
		}
		raw, err := marshal(arg)
		if err != nil {
			return Payload{}, fmt.Errorf("argument %d: %w", i, err)
		}
		p.Args[i] = raw
	}
	if len(p.Attachments) > maxAttachments {
		return Payload{}, fmt.Errorf("%d attachments, at most %d are allowed", len(p.Attachments), maxAttachments)
	}
	return p, nil
}

// Binary returns the attachment that argument i stands for.
func (p Payload) Binary(i int) ([]byte, bool) {
	var h placeholder
	if json.Unmarshal(p.Args[i], &h) != nil || !h.Placeholder || h.Num < 0 || h.Num >= len(p.Attachments) {
		return nil, false
	}
	return p.Attachments[h.Num], true
}

// marshal is json.Marshal without its care for HTML.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// array joins values to the payload of a packet.
func array(values ...json.RawMessage) json.RawMessage {
	data := []byte{'['}
	for i, v := range values {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(data, v...)
	}
	return append(data, ']')
}

// checkPlaceholders reports whether every placeholder in the payload of a
// binary packet stands for one of n attachments.
func checkPlaceholders(data []byte, n int) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("%w: %w", errPayload, err)
	}
	return visit(v, n)
}

func visit(v any, n int) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := visit(e, n); err != nil {
				return err
			}
		}
	case map[string]any:
		if v["_placeholder"] == true {
			num, ok := v["num"].(float64)
			if !ok || num < 0 || num >= float64(n) || num != float64(int(num)) {
				return fmt.Errorf("%w: placeholder for an attachment that is not there", errAttachments)
			}
			return nil
		}
		for _, e := range v {
			if err := visit(e, n); err != nil {
				return err
			}
		}
	}
	return nil
}
