package api

import (
	"context"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
)

// ListEvents returns a page of the log, or of the audit of one account.
func (s *adminService) ListEvents(ctx context.Context, req *adminv1.ListEventsRequest) (*adminv1.ListEventsResponse, error) {
	limit, err := pageSize(req.GetLimit(), 100, 1000)
	if err != nil {
		return nil, err
	}
	read := s.Queries.Events
	account, err := inAccount(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	if account != "" {
		if _, err := s.administered(ctx, account); err != nil {
			return nil, err
		}
		read = func(ctx context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
			return s.Queries.Audit(ctx, account, after, limit)
		}
	}
	events, head, err := read(ctx, req.GetAfter(), limit)
	if err != nil {
		return nil, err
	}
	return &adminv1.ListEventsResponse{Events: events, Head: head}, nil
}
