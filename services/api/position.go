package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	errorv1 "weiche/proto/gen/weiche/error/v1"
)

// waitForViews is how long a read waits for a position.
const waitForViews = 2 * time.Second

// positionForm is the first byte of a position; another form gets another.
const positionForm = 1

// maxPosition is the length of the longest position, decoded.
const maxPosition = 128

var errPosition = fail(errorv1.Reason_REASON_INVALID, "this is no position")

// position is a place in the log as clients hold it.
type position struct {
	partition   uint64
	place       uint64
	incarnation string
}

// String returns the opaque form: URL-safe, the same for the same position.
func (p position) String() string {
	raw := binary.AppendUvarint([]byte{positionForm}, p.partition)
	raw = binary.AppendUvarint(raw, p.place)
	return base64.RawURLEncoding.EncodeToString(append(raw, p.incarnation...))
}

// parsePosition reads the opaque form.
func parsePosition(text string) (position, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) == 0 || len(raw) > maxPosition || raw[0] != positionForm {
		return position{}, errPosition
	}
	var p position
	var ok bool
	rest := raw[1:]
	if p.partition, rest, ok = number(rest); !ok {
		return position{}, errPosition
	}
	if p.place, rest, ok = number(rest); !ok {
		return position{}, errPosition
	}
	p.incarnation = string(rest)
	if p.String() != text {
		return position{}, errPosition
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

// opaque returns a position of this log as clients hold it; empty for none.
func (s *server) opaque(place uint64) string {
	if place == 0 {
		return ""
	}
	return position{place: place, incarnation: s.Queries.Incarnation()}.String()
}

// placeOf returns the place of a position as clients hold it; 0 for none.
func (s *server) placeOf(min string) (uint64, error) {
	if min == "" {
		return 0, nil
	}
	p, err := parsePosition(min)
	if err != nil {
		return 0, err
	}
	if p.partition != 0 || p.incarnation != s.Queries.Incarnation() {
		return 0, fail(errorv1.Reason_REASON_OTHER_INCARNATION, "the position is of a log that was replaced; read without it")
	}
	return p.place, nil
}

// reach waits until the views show what a client has seen or written.
func (s *server) reach(ctx context.Context, min string) error {
	place, err := s.placeOf(min)
	if err != nil || place == 0 {
		return err
	}
	return s.reachPlace(ctx, place)
}

func (s *server) reachPlace(ctx context.Context, place uint64) error {
	ctx, cancel := context.WithTimeout(ctx, waitForViews)
	defer cancel()
	err := s.Views.WaitFor(ctx, place)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errBehind
	}
	return err
}
