package conversation

// Ref names one thing that a partial state may lack.
type Ref struct {
	Kind RefKind
	Key  string
}

// RefKind is the kind of thing that a Ref names.
type RefKind string

// The kinds of things that a decision may need.
const (
	RefAccount      RefKind = "account"
	RefAccess       RefKind = "access"
	RefConversation RefKind = "conversation"
	RefIdentity     RefKind = "identity"
	RefAlias        RefKind = "alias"
	RefCode         RefKind = "code"
	RefMessage      RefKind = "message"
	RefSend         RefKind = "send"
	RefParked       RefKind = "parked"
	RefCustomer     RefKind = "customer"
	RefSaid         RefKind = "message of a customer"
	RefUnsent       RefKind = "unsend"
	// RefBound are the bindings of a channel that is being cut: CutIn reads the key.
	RefBound RefKind = "bindings"
	// RefUnknown are the unknown codes that came over an integration.
	RefUnknown RefKind = "unknown codes"
	RefChanges RefKind = "parked changes"
	RefSeen    RefKind = "dedup key"
	RefContent RefKind = "content"
	// RefQuarantine is an item in quarantine: account, blank, position.
	RefQuarantine RefKind = "item in quarantine"
)

// Absent records that what ref names does not exist, or is about to be folded in
// from its stream.
func (s *State) Absent(ref Ref) {
	switch ref.Kind {
	case RefAccount:
		s.accounts[ref.Key] = nil
	case RefAccess:
		s.access[ref.Key] = nil
	case RefConversation:
		s.conversations[ref.Key] = nil
	case RefIdentity:
		s.identities[ref.Key] = nil
	case RefAlias:
		s.aliases[ref.Key] = ""
	case RefCode:
		s.codes[ref.Key] = LinkRef{}
	case RefMessage:
		s.messages[ref.Key] = MessageRef{}
	case RefSend:
		s.sends[ref.Key] = ""
	case RefParked:
		s.parked[ref.Key] = nil
	case RefCustomer:
		s.customer(ref.Key).loaded = true
	case RefSaid:
		s.saidOf(ref.Key).loaded = true
	case RefChanges:
		s.changes[ref.Key] = nil
	case RefBound:
		s.toCut[ref.Key] = nil
	case RefUnknown:
		s.unknown[ref.Key] = nil
	case RefUnsent:
		s.unsent[ref.Key] = false
	case RefSeen:
		s.seen[ref.Key] = nil
	case RefContent:
		s.contents[ref.Key] = nil
	case RefQuarantine:
		s.quarantine[ref.Key] = QuarantineNone
	}
}
