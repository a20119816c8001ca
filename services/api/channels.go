package api

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/capability"
)

// ListChannels returns the connected channels of the account, and how each stands to a
// conversation.
func (s *workspaceService) ListChannels(ctx context.Context, req *workspacev1.ListChannelsRequest) (*workspacev1.ListChannelsResponse, error) {
	var ids []string
	if req.GetConversationId() != "" {
		ids = append(ids, req.GetConversationId())
	}
	who, err := s.read(ctx, req.GetMinPosition(), ids...)
	if err != nil {
		return nil, err
	}
	at, err := s.reachSetup(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	var route *viewv1.Route
	var of Widget
	if req.GetConversationId() != "" {
		if route, err = s.Views.Route(ctx, who.account, req.GetConversationId()); err != nil {
			return nil, err
		}
		of, _ = s.Queries.Widget(route.GetWidgetId())
	}
	integrations, _ := s.Queries.Integrations(who.account)
	response := &workspacev1.ListChannelsResponse{Position: at}
	for _, i := range integrations {
		listed := &workspacev1.Channel{
			IntegrationId: i.ID, Channel: i.Channel, Name: i.Name, Healthy: i.Unhealthy == nil, Error: i.Unhealthy,
			Limits: limitsOf(i.Channel),
		}
		if route != nil {
			standTo(listed, route, &of)
		}
		response.Channels = append(response.Channels, listed)
	}
	return response, nil
}

// standTo says how a channel stands to a conversation: the same that a request for a
// link is decided by.
func standTo(listed *workspacev1.Channel, route *viewv1.Route, of *Widget) {
	for _, b := range route.GetBindings() {
		if b.GetIntegrationId() == listed.GetIntegrationId() {
			listed.Bound, listed.IdentityId = true, b.GetIdentityId()
		}
	}
	if last, ok := of.Withdrawn[listed.GetIntegrationId()]; ok {
		listed.WithdrawnAt, listed.WithdrawnPosition = timestamppb.New(last.At), last.Position
	}
	offered := slices.ContainsFunc(of.Offers, func(o Offer) bool { return o.IntegrationID == listed.GetIntegrationId() })
	switch {
	case listed.GetChannel() == channelWidget:
		listed.NotOfferable = workspacev1.NotOfferable_NOT_OFFERABLE_WIDGET
	case listed.GetBound():
		listed.NotOfferable = workspacev1.NotOfferable_NOT_OFFERABLE_BOUND
	case route.GetWidgetId() == "":
		listed.NotOfferable = workspacev1.NotOfferable_NOT_OFFERABLE_NO_WIDGET
	case !offered:
		listed.NotOfferable = workspacev1.NotOfferable_NOT_OFFERABLE_NOT_OFFERED
	case !listed.GetHealthy():
		listed.NotOfferable = workspacev1.NotOfferable_NOT_OFFERABLE_UNHEALTHY
	}
	listed.Offerable = listed.GetNotOfferable() == workspacev1.NotOfferable_NOT_OFFERABLE_UNSPECIFIED
}

// limitsOf returns what a channel can show.
func limitsOf(channel string) *workspacev1.ChannelLimits {
	c := capability.Of(channel)
	limits := &workspacev1.ChannelLimits{
		Text: limitOf(c.Text), Question: limitOf(c.Question), Caption: limitOf(c.Caption),
		Links: c.Links, Images: uint32(c.Images), Parts: c.Parts,
		Buttons: uint32(c.Buttons), ListRows: uint32(c.List), ButtonTitle: uint32(c.Title), RowTitle: uint32(c.Row),
		Templates: c.Template, Locations: c.Location, Contacts: c.Contacts, Reactions: c.Reaction, Quotes: c.Quote,
		Typing: c.Typing, Seen: c.Seen,
	}
	for _, kind := range slices.SortedFunc(maps.Keys(c.Media), cmp.Compare[eventv1.MediaKind]) {
		media := c.Media[kind]
		limits.Media = append(limits.Media, &workspacev1.MediaLimit{
			Kind: kind, MimeTypes: media.Types, MaxBytes: media.Size, MaxMovingBytes: media.Moving, Caption: media.Caption,
		})
	}
	return limits
}

// limitOf returns a length; nothing for none.
func limitOf(l capability.Limit) *workspacev1.TextLimit {
	if l.Max == 0 {
		return nil
	}
	unit := workspacev1.TextUnit_TEXT_UNIT_CHARACTERS
	if l.Bytes {
		unit = workspacev1.TextUnit_TEXT_UNIT_BYTES
	}
	return &workspacev1.TextLimit{Max: uint32(l.Max), Unit: unit}
}
