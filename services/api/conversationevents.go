package api

import (
	"context"

	"connectrpc.com/connect/v2"

	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/stream"
)

const (
	// recordsAtOnce is how many records are read for a page of events, and
	// recordsForPage how many at most: not every record is public.
	recordsAtOnce  = 256
	recordsForPage = 2048
)

// ListConversationEvents returns what happened in a conversation.
func (s *workspaceService) ListConversationEvents(ctx context.Context, req *workspacev1.ListConversationEventsRequest) (*workspacev1.ListConversationEventsResponse, error) {
	if s.Log == nil {
		return nil, connect.NewError(connect.CodeUnimplemented, "there is no log")
	}
	limit, err := pageSize(req.GetLimit(), 100, 500)
	if err != nil {
		return nil, err
	}
	who, err := s.read(ctx, req.GetMinPosition(), req.GetConversationId())
	if err != nil {
		return nil, err
	}
	if _, err := s.Views.Route(ctx, who.account, req.GetConversationId()); err != nil {
		return nil, err
	}
	response := &workspacev1.ListConversationEventsResponse{}
	for after, read := req.GetAfter(), 0; ; {
		records, err := s.Log.Conversation(ctx, who.account, req.GetConversationId(), after, recordsAtOnce)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			event := stream.Read(record)
			if event == nil {
				continue
			}
			if response.More = len(response.GetEvents()) == limit; response.GetMore() {
				return response, nil
			}
			response.Events = append(response.Events, event)
		}
		if len(records) == 0 {
			return response, nil
		}
		after = records[len(records)-1].Version
		if read += len(records); read >= recordsForPage && len(response.GetEvents()) > 0 {
			response.More = true
			return response, nil
		}
	}
}
