package api

import (
	"context"
	"errors"
	"maps"
	"slices"

	"weiche/projections"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/widget"
)

// linkStates are the lines of a timeline that say how far a link is.
var linkStates = map[viewv1.SystemLineKind]widgetv1.LinkState{
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_REQUESTED: widgetv1.LinkState_LINK_STATE_WAITING,
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_MATCHED:   widgetv1.LinkState_LINK_STATE_MATCHED,
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_CONFIRMED: widgetv1.LinkState_LINK_STATE_CONNECTED,
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_CANCELLED: widgetv1.LinkState_LINK_STATE_CANCELLED,
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_FAILED:    widgetv1.LinkState_LINK_STATE_FAILED,
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_EXPIRED:   widgetv1.LinkState_LINK_STATE_EXPIRED,
}

// link returns how far a link of a conversation is, with its code and the ways to
// bring it while it is live.
func (s *server) link(ctx context.Context, of *Widget, conversationID, linkID, language string) (*widgetv1.Link, error) {
	if err := known(conversationID, linkID); err != nil {
		return nil, err
	}
	link, err := s.linkState(ctx, of, conversationID, linkID)
	if err != nil || !waits(link) {
		return link, err
	}
	if language == "" {
		route, err := s.Views.Route(ctx, of.Account, conversationID)
		if err != nil {
			return nil, err
		}
		language = route.GetLanguage()
	}
	return link, s.invite(link, of, of.language(language))
}

// waits says whether a link has not ended.
func waits(link *widgetv1.Link) bool {
	return link.GetState() == widgetv1.LinkState_LINK_STATE_WAITING || link.GetState() == widgetv1.LinkState_LINK_STATE_MATCHED
}

// linksOf returns the links of a conversation that have not ended, without what brings
// them.
func (s *server) linksOf(ctx context.Context, of *Widget, route *viewv1.Route) ([]*widgetv1.Link, error) {
	var links []*widgetv1.Link
	for _, id := range route.GetLinkIds() {
		link, err := s.linkState(ctx, of, route.GetConversationId(), id)
		if err != nil {
			return nil, err
		}
		if waits(link) { // or it has ended since the route was read
			links = append(links, link)
		}
	}
	return links, nil
}

// linkState returns how far a link is. The line that said so last has nearly all that
// is needed: where the channel was withdrawn the code is dead before a line says so.
func (s *server) linkState(ctx context.Context, of *Widget, conversationID, linkID string) (*widgetv1.Link, error) {
	page, err := s.Views.Timeline(ctx, of.Account, conversationID, projections.Page{
		Last: true, Limit: 1, Enough: true,
		Keep: projections.Lines{System: slices.Sorted(maps.Keys(linkStates)), Link: linkID},
	})
	if errors.Is(err, projections.ErrNotFound) || err == nil && len(page.GetItems()) == 0 {
		return nil, errNotFound
	}
	if err != nil {
		return nil, err
	}
	line := page.GetItems()[0].GetSystem()
	link := &widgetv1.Link{
		LinkId: linkID, IntegrationId: line.GetIntegrationId(), Channel: line.GetChannel(),
		State: linkStates[line.GetKind()], ExpiresAt: line.GetExpiresAt(), Hint: line.GetHint(),
		Reason: linkReason(line),
	}
	if waits(link) && of.withdrawn(link.GetIntegrationId(), page.GetItems()[0].GetPosition()) {
		link.State = widgetv1.LinkState_LINK_STATE_CANCELLED
		link.Reason = word(eventv1.CancelReason_CANCEL_REASON_WITHDRAWN, "CANCEL_REASON_")
	}
	if waits(link) && line.GetAsksInWidget() {
		answered, err := s.Views.Timeline(ctx, of.Account, conversationID, projections.Page{
			Last: true, Limit: 1, Enough: true,
			Keep: projections.Lines{System: []viewv1.SystemLineKind{viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_APPROVED}, Link: linkID},
		})
		if err != nil {
			return nil, err
		}
		link.Asks = len(answered.GetItems()) == 0
	}
	return link, nil
}

// invite adds the code and the ways to bring it.
func (s *server) invite(link *widgetv1.Link, of *Widget, language string) error {
	offer, ok := of.offer(link.GetIntegrationId())
	if !ok {
		return nil // the provider does not serve it at the moment
	}
	link.Code = s.Keys.Code(of.Account, link.GetLinkId())
	link.Url = s.Links(offer.Channel, offer.Address, language, link.GetCode())
	if link.GetUrl() == "" {
		return nil // a channel without such addresses; the code can be typed
	}
	var err error
	link.Qr, err = widget.QR(link.GetUrl())
	return err
}

// linkReason says why a link ended that was not confirmed.
func linkReason(line *viewv1.SystemLine) string {
	switch line.GetKind() {
	case viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_CANCELLED:
		return word(line.GetCancelReason(), "CANCEL_REASON_")
	case viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_FAILED:
		return word(line.GetRefusal(), "CODE_REFUSAL_")
	}
	return ""
}
