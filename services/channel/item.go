package channel

import (
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// ProviderAccount returns the provider's id of the channel account that an item is
// for; empty where it is not told.
func ProviderAccount(item *ingressv1.Item) string {
	switch kind := item.GetKind().(type) {
	case *ingressv1.Item_Inbound:
		return kind.Inbound.GetProviderAccountId()
	case *ingressv1.Item_Receipt:
		return kind.Receipt.GetProviderAccountId()
	case *ingressv1.Item_Echo:
		return kind.Echo.GetProviderAccountId()
	case *ingressv1.Item_Unreadable:
		return kind.Unreadable.GetProviderAccountId()
	case *ingressv1.Item_Ignored:
		return kind.Ignored.GetProviderAccountId()
	}
	return ""
}

// SaidBy returns the addresses of the customer whose item it is, the strongest
// first; none where it is nobody's or they are not told.
func SaidBy(item *ingressv1.Item) []*eventv1.Alias {
	switch kind := item.GetKind().(type) {
	case *ingressv1.Item_Inbound:
		return kind.Inbound.GetSender()
	case *ingressv1.Item_Unreadable:
		return kind.Unreadable.GetSender()
	}
	return nil
}
