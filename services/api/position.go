package api

import (
	"context"
	"errors"
	"time"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	"weiche/services/public"
)

// waitForViews is how long a read waits for a position.
const waitForViews = 2 * time.Second

var errPosition = fail(errorv1.Reason_REASON_INVALID, "this is no position")

// opaque returns a position of this log as clients hold it; empty for none.
func (s *server) opaque(place uint64) string {
	return public.Position{Place: place, Incarnation: s.Queries.Incarnation()}.String()
}

// placeOf returns the place of a position as clients hold it; 0 for none.
func (s *server) placeOf(min string) (uint64, error) {
	if min == "" {
		return 0, nil
	}
	p, err := public.ParsePosition(min)
	if err != nil {
		return 0, errPosition
	}
	if p.Partition != 0 || p.Incarnation != s.Queries.Incarnation() {
		return 0, fail(errorv1.Reason_REASON_OTHER_INCARNATION, "the position is of a log that was replaced; read without it")
	}
	return p.Place, nil
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
