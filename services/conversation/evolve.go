package conversation

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Evolve folds event e into s. It never reads the sealed part of an event: a log
// whose content is gone folds to the same state. It panics on an event that it
// does not know: a stream that cannot be read is a bug, not a condition.
func Evolve(s *State, e Event) {
	for _, key := range e.Dedup {
		s.SetSeen(key.Key, key.Hash)
	}
	switch e.Stream.Category {
	case CategoryAccount:
		s.evolveAccount(e)
	case CategoryIdentity:
		s.evolveIdentity(e)
	case CategoryConversation:
		s.evolveConversation(e)
	case CategoryCustomer:
		s.evolveCustomer(e)
	case CategoryAccess:
		s.evolveAccess(e)
	case CategoryVisitor:
		evolveVisitor(e)
	default:
		s.evolveOther(e)
	}
}

func unknown(e Event) string {
	return fmt.Sprintf("conversation: no state for a %T in a stream of category %s", e.Body, e.Stream.Category)
}

func (s *State) evolveCustomer(e Event) {
	c := s.customer(e.Stream.ID)
	c.Version++
	switch b := e.Body.(type) {
	case *eventv1.CustomerCreated:
	case *eventv1.CustomersLinked:
		c.Linked[b.GetOtherCustomerId()] = true
		delete(c.Apart, b.GetOtherCustomerId())
	case *eventv1.CustomersUnlinked:
		c.Apart[b.GetOtherCustomerId()] = true
		delete(c.Linked, b.GetOtherCustomerId())
	case *eventv1.CustomerErased:
		c.Erased = true
	default:
		panic(unknown(e))
	}
}

func (s *State) evolveAccount(e Event) {
	a := s.accounts[e.Stream.ID]
	if a == nil {
		a = &Account{
			ID:           e.Stream.ID,
			Apps:         map[string]*eventv1.AppConnected{},
			Integrations: map[string]*eventv1.IntegrationConnected{},
			Widgets:      map[string]*Widget{},
			Agents:       map[string]*eventv1.AgentAdded{},
			Cuts:         map[Cut]time.Time{},
			Unhealthy:    map[string]*Unhealthy{},
			Settings:     map[string]Settings{},
		}
		s.accounts[e.Stream.ID] = a
	}
	a.Version++
	switch b := e.Body.(type) {
	case *eventv1.AccountCreated:
		a.Name = b.GetName()
	case *eventv1.LinkPolicyChanged:
		a.BoundElsewhere = b.GetBoundElsewhere()
	case *eventv1.AppConnected:
		app := proto.CloneOf(b)
		app.By = ""
		a.Apps[b.GetAppId()] = app
	case *eventv1.IntegrationConnected:
		a.connected(e, b)
	case *eventv1.BindingsCut:
		cut := Cut{b.GetIntegrationId(), b.GetWidgetId()}
		if a.Cuts[cut].Equal(moment(b.GetCutAt())) {
			delete(a.Cuts, cut)
		}
	case *eventv1.IntegrationRemoved:
		a.removed(e, b)
	case *eventv1.WidgetConfigured:
		a.configured(e, b)
	case *eventv1.ChannelOffered:
		a.Widgets[b.GetWidgetId()].Offers[b.GetIntegrationId()] = true
		a.changed(e, b.GetWidgetId(), b.GetBy())
	case *eventv1.ChannelWithdrawn:
		if b.GetCutAt() != nil {
			a.Cuts[Cut{b.GetIntegrationId(), b.GetWidgetId()}] = moment(b.GetCutAt())
		}
		a.withdraw(a.Widgets[b.GetWidgetId()], b.GetIntegrationId(), e, b.GetWithdrawnAt())
		a.changed(e, b.GetWidgetId(), b.GetBy())
	case *eventv1.AgentAdded:
		a.Agents[b.GetAgentId()] = &eventv1.AgentAdded{
			AgentId: b.GetAgentId(), Name: b.GetName(), Role: b.GetRole(), Login: b.GetLogin(),
		}
	case *eventv1.AgentRemoved:
		delete(a.Agents, b.GetAgentId())
	case *eventv1.IntegrationUnhealthy:
		a.Unhealthy[b.GetIntegrationId()] = &Unhealthy{Error: b.GetError(), Since: e.At}
	case *eventv1.IntegrationRecovered:
		delete(a.Unhealthy, b.GetIntegrationId())
	default:
		panic(unknown(e))
	}
}

// evolveOther folds events of streams that hold no state of their own.
func (s *State) evolveOther(e Event) {
	switch b := e.Body.(type) {
	case *eventv1.ChangeParked:
		s.parkChange(e, b)
	case *eventv1.ChangeForgotten:
		s.unpark(b.GetProviderMessageHash(), b.GetContentEventIds()...)
	case *eventv1.ItemQuarantined, *eventv1.LogRestored:
		// They are shown; nothing is decided by them.
	case *eventv1.ItemIgnored:
		s.hold(e, b.GetProviderMessageHash(), "", "")
	case *eventv1.UnsendParked:
		if len(b.GetProviderMessageHash()) > 0 {
			s.SetUnsent(b.GetProviderMessageHash())
		}
	case *eventv1.ItemReplayed:
		s.SetQuarantine(Quarantined{Account: b.GetAccountId(), Position: b.GetPosition()}, QuarantineReplayed)
	case *eventv1.ItemDiscarded:
		s.SetQuarantine(Quarantined{Account: b.GetAccountId(), Position: b.GetPosition()}, QuarantineDiscarded)
	case *eventv1.ReceiptParked:
		hash := string(b.GetProviderMessageHash())
		if before, known := s.parked[hash]; known || !s.partial {
			s.parked[hash] = append(before, b)
		}
	default:
		panic(unknown(e))
	}
}
