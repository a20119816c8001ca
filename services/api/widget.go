package api

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/projections"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/widget"
)

// widgetOf returns what a page needs to know of a widget, and of the channels
// that its visitor's conversation is linked to. What is unhealthy (R10), and what was
// withdrawn, is in the menu only for whoever may want to disconnect it.
func (s *server) widgetOf(ctx context.Context, w *Widget, route *viewv1.Route) (*widgetv1.Widget, error) {
	out := &widgetv1.Widget{WidgetId: w.ID, Site: w.Site, Languages: w.Languages, Appearance: w.Appearance}
	switch open, until := widget.Hours(w.Appearance.GetHours(), s.Now()); {
	case until.IsZero(): // somebody is always there
	case open:
		out.OpenUntil = timestamppb.New(until)
	default:
		out.AwayUntil = timestamppb.New(until)
	}
	bound := map[string]*viewv1.Binding{}
	for _, b := range route.GetBindings() {
		bound[b.GetIntegrationId()] = b
	}
	offers := slices.Clone(w.Offers)
	integrations, _ := s.Queries.Integrations(w.Account)
	for _, i := range integrations {
		offered := slices.ContainsFunc(w.Offers, func(o Offer) bool { return o.IntegrationID == i.ID })
		if bound[i.ID] != nil && i.ID != w.ID && !offered {
			offers = append(offers, Offer{IntegrationID: i.ID, Channel: i.Channel, Name: i.Name, Unhealthy: i.Unhealthy != nil})
		}
	}
	var identities map[string]*viewv1.Identity
	for _, offer := range offers {
		binding := bound[offer.IntegrationID]
		if offer.Unhealthy && binding == nil {
			continue
		}
		channel := &widgetv1.OfferedChannel{
			IntegrationId: offer.IntegrationID, Channel: offer.Channel, Name: offer.Name, Unhealthy: offer.Unhealthy,
		}
		out.Channels = append(out.Channels, channel)
		if binding == nil {
			continue
		}
		if identities == nil {
			var err error
			if identities, err = s.identities(ctx, w.Account, route.GetCustomerId()); err != nil {
				return nil, err
			}
		}
		channel.Linked, channel.Hint = true, hintOf(identities[binding.GetIdentityId()])
		if offer.Address != "" {
			channel.Url = s.Links(offer.Channel, offer.Address, "", "")
		}
	}
	return out, nil
}

// identities returns those of a customer by their ids.
func (s *server) identities(ctx context.Context, account, customerID string) (map[string]*viewv1.Identity, error) {
	customer, err := s.Views.Customer(ctx, account, customerID)
	if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return nil, err
	}
	byID := map[string]*viewv1.Identity{}
	for _, identity := range customer.GetIdentities() {
		byID[identity.GetIdentityId()] = identity
	}
	return byID, nil
}

// hintOf returns so much of an identity that its owner knows it again, and nobody else
// finds it: the last two digits of a number, or the ends of a user name.
func hintOf(identity *viewv1.Identity) string {
	for _, alias := range identity.GetAliases() {
		if value := alias.GetValue(); alias.GetKind() == "phone" && len(value) > 4 {
			return value[len(value)-2:]
		}
	}
	name := []rune(identity.GetProfile().GetUsername())
	if len(name) < 4 {
		return ""
	}
	return "@" + string(name[0]) + "…" + string(name[len(name)-1])
}
