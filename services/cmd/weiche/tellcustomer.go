package main

import (
	"fmt"
	"io"
	"strings"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// tellCustomer writes who a customer is, and where.
func tellCustomer(out io.Writer, c *viewv1.Customer) {
	fmt.Fprintf(out, "customer %s, since %s\n", c.GetCustomerId(), shownTime(c.GetCreatedAt().AsTime()))
	if c.GetErased() {
		fmt.Fprintf(out, "erased at %s\n", shownTime(c.GetErasedAt().AsTime()))
	}
	tellPlaces(out, "", c.GetIdentities(), c.GetConversations())
	for _, other := range c.GetLinked() {
		fmt.Fprintf(out, "the same person as customer %s, by %s\n", other.GetCustomerId(), other.GetAgentId())
		tellPlaces(out, "  ", other.GetIdentities(), other.GetConversations())
	}
	for _, conflict := range c.GetConflicts() {
		state := "nobody has decided"
		if conflict.GetDecided() {
			state = "decided"
		}
		fmt.Fprintf(out, "an address of identity %s leads to customer %s too (%s)\n", conflict.GetIdentityId(), conflict.GetOtherCustomerId(), state)
	}
}

// tellPlaces writes where somebody can be reached, and what they said.
func tellPlaces(out io.Writer, indent string, identities []*viewv1.Identity, conversations []*viewv1.CustomerConversation) {
	for _, identity := range identities {
		words := []string{fmt.Sprintf("%sidentity %s  [%s] %s", indent, identity.GetIdentityId(), identity.GetChannel(), identity.GetIntegrationId())}
		if name := identity.GetProfile().GetName(); name != "" {
			words = append(words, name)
		}
		for _, alias := range identity.GetAliases() {
			words = append(words, alias.GetKind()+" "+alias.GetValue())
		}
		if identity.GetErased() {
			words = append(words, "(erased)")
		}
		if identity.GetUnconfirmed() {
			words = append(words, "not confirmed")
		}
		fmt.Fprintln(out, strings.Join(words, ", "))
	}
	for _, conversation := range conversations {
		place := ""
		if widget := conversation.GetWidgetId(); widget != "" {
			place = ", in the widget " + widget
		}
		fmt.Fprintf(out, "%sconversation %s, since %s%s\n", indent, conversation.GetConversationId(),
			shownTime(conversation.GetStartedAt().AsTime()), place)
	}
}
