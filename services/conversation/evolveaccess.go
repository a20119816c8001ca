package conversation

import (
	"maps"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Access is who may come into an account, as it stands. What has ended by itself is
// dropped when the next thing is added, so that it does not grow without end.
type Access struct {
	Version uint64
	// Passwords lead from an agent to the id of the password that counts.
	Passwords map[string]string
	// Links, Sessions and Keys lead from an id to what is live.
	Links    map[string]LoginLink
	Sessions map[string]Session
	Keys     map[string]APIKey
}

// LoginLink lets an agent log in once.
type LoginLink struct {
	AgentID   string
	Hash      []byte
	ExpiresAt time.Time
}

// Session is an agent's session on one device. Sessions have ids in the order in
// which they were opened.
type Session struct {
	ID, AgentID, LinkID string
	Hash                []byte
	OpenedAt, ExpiresAt time.Time
}

// APIKey lets a program in.
type APIKey struct {
	Created *eventv1.ApiKeyCreated
	// CreatedAt is when it was made, and UsedAt when it was last used, to the day;
	// zero where it never was.
	CreatedAt, UsedAt time.Time
}

// ended says whether the key has ended by itself.
func (k APIKey) ended(now time.Time) bool { return past(moment(k.Created.GetExpiresAt()), now) }

// past says whether a time at which something ends has come; the zero time never
// does.
func past(end, now time.Time) bool { return !end.IsZero() && !now.Before(end) }

// Access returns who may come into an account, or nil where nothing is known of
// that. It must not be changed.
func (s *State) Access(account string) *Access { return s.access[account] }

// evolveAccess folds who may come in.
func (s *State) evolveAccess(e Event) {
	a, loaded := s.access[e.Stream.ID]
	if !loaded && s.partial {
		return // whoever needs it reads it from the log
	}
	if a == nil {
		a = &Access{
			Passwords: map[string]string{}, Links: map[string]LoginLink{},
			Sessions: map[string]Session{}, Keys: map[string]APIKey{},
		}
		s.access[e.Stream.ID] = a
	}
	a.Version++
	switch b := e.Body.(type) {
	case *eventv1.PasswordSet:
		if a.Passwords[b.GetAgentId()] = b.GetPasswordId(); b.GetPasswordId() == "" {
			delete(a.Passwords, b.GetAgentId())
		}
		maps.DeleteFunc(a.Links, func(_ string, l LoginLink) bool { return l.AgentID == b.GetAgentId() })
	case *eventv1.LoginLinkMade:
		a.prune(e.At)
		a.Links[b.GetLinkId()] = LoginLink{AgentID: b.GetAgentId(), Hash: b.GetHash(), ExpiresAt: moment(b.GetExpiresAt())}
	case *eventv1.LoginLinkEnded:
		delete(a.Links, b.GetLinkId())
	case *eventv1.SessionOpened:
		a.prune(e.At)
		delete(a.Links, b.GetLinkId())
		a.Sessions[b.GetSessionId()] = Session{
			ID: b.GetSessionId(), AgentID: b.GetAgentId(), LinkID: b.GetLinkId(), Hash: b.GetHash(),
			OpenedAt: e.At, ExpiresAt: moment(b.GetExpiresAt()),
		}
	case *eventv1.SessionEnded:
		delete(a.Sessions, b.GetSessionId())
	case *eventv1.ApiKeyCreated:
		a.prune(e.At)
		a.Keys[b.GetKeyId()] = APIKey{Created: b, CreatedAt: e.At}
	case *eventv1.ApiKeyUsed:
		if key, ok := a.Keys[b.GetKeyId()]; ok {
			key.UsedAt = moment(b.GetAt())
			a.Keys[b.GetKeyId()] = key
		}
	case *eventv1.ApiKeyRevoked:
		delete(a.Keys, b.GetKeyId())
	default:
		panic(unknown(e))
	}
}

// evolveVisitor folds nothing: whoever asks for a session looks it up in the log's
// index.
func evolveVisitor(e Event) {
	if _, ok := e.Body.(*eventv1.VisitorSessionEnded); !ok {
		panic(unknown(e))
	}
}

// prune drops what had ended by itself by a time.
func (a *Access) prune(now time.Time) {
	maps.DeleteFunc(a.Links, func(_ string, l LoginLink) bool { return past(l.ExpiresAt, now) })
	maps.DeleteFunc(a.Sessions, func(_ string, s Session) bool { return past(s.ExpiresAt, now) })
	maps.DeleteFunc(a.Keys, func(_ string, k APIKey) bool { return k.ended(now) })
}
