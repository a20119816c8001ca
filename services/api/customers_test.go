package api_test

import (
	"fmt"
	"testing"
)

// P2: an agent says that two customers are one person, and takes that back; the cards
// of both tell it.
func TestLinkCustomers(t *testing.T) {
	s := newStage(t, nil)
	of, at := map[string]string{}, ""
	card := func(person, position string) answer {
		t.Helper()
		return s.must(t, workspaceService+"GetCustomer", s.eva(), fmt.Sprintf(`{"conversationId":%q,"minPosition":%q}`, of[person], position))
	}
	for _, person := range []string{"ana", "ben"} {
		sent := s.must(t, widgetService+"SendMessage", s.visitor(t, "shop"), `{"text":"hello","clientToken":"1"}`)
		of[person], at = sent.text("conversationId"), sent.text("position")
	}
	ana, ben := card("ana", at).text("customer.customerId"), card("ben", at).text("customer.customerId")
	both := fmt.Sprintf(`{"customerId":%q,"otherCustomerId":%q,"clientToken":%%q}`, ana, ben)

	linked := s.must(t, workspaceService+"LinkCustomers", s.eva(), fmt.Sprintf(both, "l"))
	for person, other := range map[string]string{"ana": ben, "ben": ana} {
		told := card(person, linked.text("position"))
		if told.text("customer.linked.0.customerId") != other || told.text("customer.linked.0.agentId") != "eva" ||
			told.length("customer.linked.0.identities") != 1 || told.length("customer.linked.0.conversations") != 1 {
			t.Errorf("the card of %s: %v", person, told.values)
		}
	}
	parted := s.must(t, workspaceService+"UnlinkCustomers", s.eva(), fmt.Sprintf(both, "u"))
	if told := card("ana", parted.text("position")); told.length("customer.linked") != 0 {
		t.Errorf("the card: %v", told.values)
	}

	s.want(t, "invalid_argument", "INVALID", workspaceService+"LinkCustomers", s.eva(),
		fmt.Sprintf(`{"customerId":%q,"otherCustomerId":%q,"clientToken":"s"}`, ana, ana))
	identity := card("ana", "").text("customer.identities.0.identityId")
	s.want(t, "invalid_argument", "INVALID", workspaceService+"ConfirmIdentity", s.eva(),
		fmt.Sprintf(`{"identityId":%q,"samePerson":true,"clientToken":"c"}`, identity))
}
