package public

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// ErrPosition is returned for a text that is no position.
var ErrPosition = errors.New("public: not a position")

// positionForm is the first byte of a position; another form gets another.
const positionForm = 1

// maxPosition is the length of the longest position, decoded.
const maxPosition = 128

// Position is a place in the log as clients hold it: in events, in answers and in
// the cursors of streams.
type Position struct {
	// Partition is that of the log.
	Partition uint64
	// Place is the position there, from 1.
	Place uint64
	// Incarnation is the life of the log in which it means something.
	Incarnation string
}

// String returns the opaque form: URL-safe, the same for the same position; empty
// for no place.
func (p Position) String() string {
	if p.Place == 0 {
		return ""
	}
	raw := binary.AppendUvarint([]byte{positionForm}, p.Partition)
	raw = binary.AppendUvarint(raw, p.Place)
	return base64.RawURLEncoding.EncodeToString(append(raw, p.Incarnation...))
}

// ParsePosition reads the opaque form. The error is ErrPosition, also for a form
// that String does not return.
func ParsePosition(text string) (Position, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) == 0 || len(raw) > maxPosition || raw[0] != positionForm {
		return Position{}, ErrPosition
	}
	var p Position
	var ok bool
	rest := raw[1:]
	if p.Partition, rest, ok = number(rest); !ok {
		return Position{}, ErrPosition
	}
	if p.Place, rest, ok = number(rest); !ok {
		return Position{}, ErrPosition
	}
	p.Incarnation = string(rest)
	if p.String() != text {
		return Position{}, ErrPosition
	}
	return p, nil
}

// number cuts a number off, in its shortest form only.
func number(raw []byte) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(raw)
	if size <= 0 || !bytes.Equal(binary.AppendUvarint(nil, n), raw[:size]) {
		return 0, nil, false
	}
	return n, raw[size:], true
}
