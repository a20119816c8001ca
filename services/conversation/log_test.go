package conversation_test

import (
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// memory is a log in memory with the indexes of the router's: a partial state is
// loaded from it. What is added is found only after flush, as in a store whose
// round is still on its way to the disk.
type memory struct {
	pending []record

	streams  map[conversation.Stream][]record
	aliases  map[string]string
	codes    map[string]conversation.LinkRef
	messages map[string]conversation.MessageRef
	sends    map[string]string
	parked   map[string]map[eventv1.ReceiptState]*eventv1.ReceiptParked
	seen     map[string][]byte
	contents map[string]*eventv1.Content
	said     map[string][]conversation.SaidEvent
	unsent   map[string]bool
	// changes are the events that keep changes, by message.
	changes map[string][]conversation.ParkedChange
	// bound are the bindings of each integration, unknown the codes that nobody has
	// made.
	bound   map[string]map[conversation.BoundTo]bool
	unknown map[string][]time.Time
	// owned and talks hold the identities that ever were a customer's, and the
	// conversations that started as theirs.
	owned, talks map[string][]string
}

// record is an event as it lies in a log: facts as bytes, the content apart.
type record struct {
	stream  conversation.Stream
	id      string
	at      time.Time
	dedup   []conversation.Dedup
	kind    protoreflect.MessageType
	facts   []byte
	content *eventv1.Content
}

func newMemory() *memory {
	return &memory{
		streams: map[conversation.Stream][]record{}, aliases: map[string]string{},
		codes: map[string]conversation.LinkRef{}, messages: map[string]conversation.MessageRef{},
		sends: map[string]string{}, seen: map[string][]byte{}, contents: map[string]*eventv1.Content{},
		parked: map[string]map[eventv1.ReceiptState]*eventv1.ReceiptParked{},
		said:   map[string][]conversation.SaidEvent{}, unsent: map[string]bool{},
		changes: map[string][]conversation.ParkedChange{},
		bound:   map[string]map[conversation.BoundTo]bool{}, unknown: map[string][]time.Time{},
		owned: map[string][]string{}, talks: map[string][]string{},
	}
}

func (m *memory) add(e conversation.Event) {
	facts, err := proto.Marshal(withoutSealed(e).Body)
	if err != nil {
		panic(err)
	}
	m.pending = append(m.pending, record{
		stream: e.Stream, id: e.ID, at: e.At, dedup: e.Dedup,
		kind: e.Body.ProtoReflect().Type(), facts: facts, content: contentOf(e.Body),
	})
}

func (r record) event() conversation.Event {
	body := r.kind.New().Interface()
	if err := proto.Unmarshal(r.facts, body); err != nil {
		panic(err)
	}
	return conversation.Event{Stream: r.stream, ID: r.id, At: r.at, Dedup: r.dedup, Body: body}
}

func (m *memory) flush() {
	for _, r := range m.pending {
		m.streams[r.stream] = append(m.streams[r.stream], r)
		m.contents[r.id] = r.content
		for _, key := range r.dedup {
			m.seen[key.Key] = append([]byte{}, key.Hash...)
		}
		m.hold(r)
		switch e := r.event().Body.(type) {
		case *eventv1.ChannelBound:
			if m.bound[e.GetIntegrationId()] == nil {
				m.bound[e.GetIntegrationId()] = map[conversation.BoundTo]bool{}
			}
			m.bound[e.GetIntegrationId()][boundTo(e)] = true
		case *eventv1.ChannelUnbound:
			delete(m.bound[e.GetIntegrationId()], boundTo(e))
		case *eventv1.CodeRefused:
			if e.GetReason() == eventv1.CodeRefusal_CODE_REFUSAL_UNKNOWN {
				m.unknown[e.GetIntegrationId()] = append(m.unknown[e.GetIntegrationId()], e.GetRefusedAt().AsTime())
			}
		case *eventv1.ConversationStarted:
			m.talks[e.GetCustomerId()] = append(m.talks[e.GetCustomerId()], e.GetConversationId())
		case *eventv1.IdentityMoved:
			m.owned[e.GetToCustomerId()] = append(m.owned[e.GetToCustomerId()], e.GetIdentityId())
		case *eventv1.IdentityErased:
			for _, a := range e.GetAliases() {
				delete(m.aliases, string(a.GetHash()))
			}
		case *eventv1.MessageUnsent:
			m.unsent[string(e.GetProviderMessageHash())] = true
		case *eventv1.UnsendParked:
			m.unsent[string(e.GetProviderMessageHash())] = true
		case *eventv1.IdentityCreated:
			m.owned[e.GetCustomerId()] = append(m.owned[e.GetCustomerId()], e.GetIdentityId())
			for _, a := range e.GetAliases() {
				m.aliases[string(a.GetHash())] = e.GetIdentityId()
			}
		case *eventv1.ChangeParked:
			hash := string(e.GetProviderMessageHash())
			m.changes[hash] = append(m.changes[hash], conversation.ParkedChangeOf(r.id, e))
		case *eventv1.ChangeForgotten:
			m.unpark(e.GetProviderMessageHash(), e.GetContentEventIds()...)
		case *eventv1.MessageEdited:
			m.unpark(e.GetProviderMessageHash(), e.GetContentEventId())
		case *eventv1.ReactionChanged:
			m.unpark(e.GetProviderMessageHash(), e.GetContentEventId())
		case *eventv1.IdentityAliasesChanged:
			for _, a := range e.GetRemoved() {
				delete(m.aliases, string(a.GetHash()))
			}
			for _, a := range e.GetAdded() {
				m.aliases[string(a.GetHash())] = e.GetIdentityId()
			}
		case *eventv1.LinkRequested:
			m.codes[string(e.GetCodeHash())] = conversation.LinkRef{
				ConversationID: e.GetConversationId(), LinkID: e.GetLinkId(),
			}
		case *eventv1.SendQueued:
			m.sends[e.GetSendId()] = e.GetIdentityId()
		case *eventv1.SendSucceeded:
			m.messages[string(e.GetProviderMessageHash())] = conversation.MessageRef{
				IdentityID: e.GetIdentityId(), ConversationID: e.GetOrigin().GetConversationId(),
				MessageID: e.GetOrigin().GetMessageId(), Part: e.GetOrigin().GetPart(), Hop: e.GetOrigin().GetHop(),
			}
			delete(m.parked, string(e.GetProviderMessageHash()))
		case *eventv1.ReceiptParked:
			hash := string(e.GetProviderMessageHash())
			if m.parked[hash] == nil {
				m.parked[hash] = map[eventv1.ReceiptState]*eventv1.ReceiptParked{}
			}
			m.parked[hash][e.GetState()] = e
		}
	}
	m.pending = nil
}

// boundTo is a binding as the index of bindings has it.
func boundTo(e interface {
	GetWidgetId() string
	GetConversationId() string
	GetIdentityId() string
},
) conversation.BoundTo {
	return conversation.BoundTo{WidgetID: e.GetWidgetId(), ConversationID: e.GetConversationId(), IdentityID: e.GetIdentityId()}
}

// hold notes which message of a customer an event holds.
func (m *memory) hold(r record) {
	var hash []byte
	holds := conversation.SaidEvent{EventID: r.id}
	switch e := r.event().Body.(type) {
	case *eventv1.MessageReceived:
		hash, holds.ConversationID, holds.MessageID = e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId()
	case *eventv1.LinkMatched:
		hash, holds.ConversationID = e.GetProviderMessageHash(), e.GetConversationId()
	case *eventv1.LinkAnswered:
		hash, holds.ConversationID = e.GetProviderMessageHash(), e.GetConversationId()
	case *eventv1.CodeRefused:
		hash = e.GetProviderMessageHash()
	case *eventv1.ItemIgnored:
		hash = e.GetProviderMessageHash()
	case *eventv1.MessageEdited:
		hash, holds.ConversationID, holds.MessageID = e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId()
	case *eventv1.MessageReparsed:
		hash, holds.ConversationID, holds.MessageID = e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId()
	case *eventv1.EchoReceived:
		hash, holds.ConversationID, holds.MessageID = e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId()
	case *eventv1.ChangeParked:
		if e.GetEdit() {
			hash = e.GetProviderMessageHash()
		}
	}
	if len(hash) > 0 {
		m.said[string(hash)] = append(m.said[string(hash)], holds)
	}
}

func (m *memory) unpark(hash []byte, ids ...string) {
	m.changes[string(hash)] = slices.DeleteFunc(slices.Clone(m.changes[string(hash)]), func(p conversation.ParkedChange) bool {
		return slices.Contains(ids, p.EventID)
	})
}

// load brings what a partial state lacks, as the router does.
func (m *memory) load(s *conversation.State, account string, ref conversation.Ref) {
	s.Absent(ref)
	switch ref.Kind {
	case conversation.RefAccount:
		m.fold(s, conversation.Stream{Category: conversation.CategoryAccount, ID: ref.Key})
	case conversation.RefConversation:
		m.fold(s, conversation.Stream{Category: conversation.CategoryConversation, ID: ref.Key})
	case conversation.RefIdentity:
		m.fold(s, conversation.Stream{Category: conversation.CategoryIdentity, ID: ref.Key})
	case conversation.RefAlias:
		if id, ok := m.aliases[ref.Key]; ok {
			s.SetAlias([]byte(ref.Key), id)
		}
	case conversation.RefCode:
		if code, ok := m.codes[ref.Key]; ok {
			s.SetCode([]byte(ref.Key), code)
		}
	case conversation.RefMessage:
		if message, ok := m.messages[ref.Key]; ok {
			s.SetMessage([]byte(ref.Key), message)
		}
	case conversation.RefSend:
		if id, ok := m.sends[ref.Key]; ok {
			s.SetSend(ref.Key, id)
		}
	case conversation.RefSeen:
		if hash, ok := m.seen[ref.Key]; ok {
			s.SetSeen(ref.Key, hash)
		}
	case conversation.RefParked:
		waiting := m.parked[ref.Key]
		var receipts []*eventv1.ReceiptParked
		for _, state := range slices.Sorted(maps.Keys(waiting)) {
			receipts = append(receipts, waiting[state])
		}
		s.SetParked([]byte(ref.Key), receipts)
	case conversation.RefCustomer:
		for _, id := range m.owned[ref.Key] {
			s.AddIdentity(ref.Key, id)
		}
		for _, id := range m.talks[ref.Key] {
			s.AddConversation(ref.Key, id)
		}
		m.fold(s, conversation.Stream{Category: conversation.CategoryCustomer, ID: ref.Key})
	case conversation.RefSaid:
		for _, holds := range m.said[ref.Key] {
			s.AddSaid([]byte(ref.Key), holds)
		}
	case conversation.RefChanges:
		s.SetChanges([]byte(ref.Key), slices.Clone(m.changes[ref.Key]))
	case conversation.RefBound:
		cut := conversation.CutIn(ref.Key)
		var bound []conversation.BoundTo
		for b := range m.bound[cut.IntegrationID] {
			if cut.WidgetID == "" || cut.WidgetID == b.WidgetID {
				bound = append(bound, b)
			}
		}
		s.SetBound(cut, bound)
	case conversation.RefUnknown:
		s.SetUnknown(ref.Key, slices.Clone(m.unknown[ref.Key]))
	case conversation.RefUnsent:
		if m.unsent[ref.Key] {
			s.SetUnsent([]byte(ref.Key))
		}
	case conversation.RefContent:
		content, ok := m.contents[ref.Key]
		if !ok {
			panic("the content of an event is asked for that is in no log: " + ref.Key)
		}
		s.SetContent(ref.Key, content)
	default:
		panic("no way to load " + ref.Kind)
	}
}

func (m *memory) fold(s *conversation.State, stream conversation.Stream) {
	loader := s.Loader()
	for _, r := range m.streams[stream] {
		conversation.Evolve(loader, r.event())
	}
}

const sealedField = protoreflect.Name("sealed")

// withoutSealed returns an event as it is read from the log.
func withoutSealed(e conversation.Event) conversation.Event {
	body := proto.Clone(e.Body)
	if field := body.ProtoReflect().Descriptor().Fields().ByName(sealedField); field != nil {
		body.ProtoReflect().Clear(field)
	}
	e.Body = body
	return e
}

// contentOf returns the content that an event's sealed part holds, or nil.
func contentOf(body proto.Message) *eventv1.Content {
	field := body.ProtoReflect().Descriptor().Fields().ByName(sealedField)
	if field == nil {
		return nil
	}
	var content *eventv1.Content
	body.ProtoReflect().Get(field).Message().Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if m, ok := v.Interface().(protoreflect.Message); ok && content == nil {
			content, _ = m.Interface().(*eventv1.Content)
		}
		return content == nil
	})
	return content
}
