package conversation

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The bounds of who may come in.
const (
	// SessionFor is how long a session lasts, whatever is done in it.
	SessionFor = 7 * 24 * time.Hour
	// LoginLinkFor is how long a login link can be used.
	LoginLinkFor = time.Hour

	maxSessions = 20 // of an agent
	maxLinks    = 20 // of an account
	hashSize    = 32
)

// SetPassword gives an agent another password. Their sessions end, but one that is
// named; so do their login links.
type SetPassword struct {
	Header
	AgentID, By string
	// PasswordID is a fresh ULID, by which the keyring holds the password.
	PasswordID string
	// Kept is the session that stays; empty for none.
	Kept string
}

// MakeLoginLink lets an agent log in once without a password.
type MakeLoginLink struct {
	Header
	AgentID, By string
	// Hash is the SHA-256 of the link's secret.
	Hash []byte
}

// OpenSession logs an agent in, by the password that was checked or by a link.
type OpenSession struct {
	Header
	// AgentID and PasswordID are whose password was checked, and which.
	AgentID, PasswordID string
	// LinkHash is the SHA-256 of the secret of a login link; nil with a password.
	LinkHash []byte
	// Hash is the SHA-256 of the session's secret.
	Hash []byte
	// Ended is the session that the call came with: it ends.
	Ended string
}

// EndSession ends a session of an agent.
type EndSession struct {
	Header
	SessionID, By string
	// Logout says that it is the agent's own, of this call.
	Logout bool
}

// EndVisitorSession ends a visitor's session on one device. Its dedup key is that of
// the session, which ends once.
type EndVisitorSession struct {
	Header
	// Hash is the SHA-256 of the session's secret.
	Hash []byte
}

// accessDecision is one decision about who may come in.
type accessDecision struct {
	*decider
	access *Access
	stream Stream
}

func (d *decider) accessOf() accessDecision {
	a := accessDecision{
		decider: d, access: look(d, d.state.access, RefAccess, d.head.Account),
		stream: Stream{CategoryAccess, d.head.Account},
	}
	if a.access == nil {
		a.access = &Access{}
	}
	d.expected[a.stream] = a.access.Version
	return a
}

func (d *decider) setPassword(c *SetPassword) error {
	a := d.accessOf()
	if _, err := a.agent(c.AgentID); err != nil {
		return err
	}
	a.emit(a.stream, &eventv1.PasswordSet{AgentId: c.AgentID, By: c.By, PasswordId: c.PasswordID})
	a.endSessions(c.AgentID, eventv1.SessionEnd_SESSION_END_PASSWORD, c.By, c.Kept)
	return nil
}

// agentLeaves takes away everything by which an agent could come in.
func (d *decider) agentLeaves(agentID, by string) {
	a := d.accessOf()
	linked := func(l LoginLink) bool { return l.AgentID == agentID }
	if a.access.Passwords[agentID] != "" || slices.ContainsFunc(slices.Collect(maps.Values(a.access.Links)), linked) {
		a.emit(a.stream, &eventv1.PasswordSet{AgentId: agentID, By: by})
	}
	a.endSessions(agentID, eventv1.SessionEnd_SESSION_END_AGENT_REMOVED, by, "")
}

// endSessions ends an agent's sessions but one.
func (a accessDecision) endSessions(agentID string, reason eventv1.SessionEnd, by, kept string) {
	for _, session := range a.access.SessionsOf(agentID) {
		if session.ID != kept {
			a.emit(a.stream, &eventv1.SessionEnded{SessionId: session.ID, Reason: reason, By: by})
		}
	}
}

// SessionsOf returns the sessions of an agent in the order in which they were opened.
func (a *Access) SessionsOf(agentID string) []Session {
	var sessions []Session
	for _, session := range a.Sessions {
		if session.AgentID == agentID {
			sessions = append(sessions, session)
		}
	}
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return sessions
}

func (d *decider) makeLoginLink(c *MakeLoginLink) error {
	a := d.accessOf()
	if _, err := a.agent(c.AgentID); err != nil {
		return err
	}
	live := 0
	for _, link := range a.access.Links {
		if !past(link.ExpiresAt, d.head.Now) {
			live++
		}
	}
	if len(c.Hash) != hashSize || live >= maxLinks {
		return refuse(invalid, "there are too many login links that were not used")
	}
	a.emit(a.stream, &eventv1.LoginLinkMade{
		LinkId: d.ids.next(), AgentId: c.AgentID, Hash: c.Hash, ExpiresAt: stamp(d.head.Now.Add(LoginLinkFor)), By: c.By,
	})
	return nil
}

// openSession opens a session. Of an agent's sessions the oldest gives way where
// there are too many.
func (d *decider) openSession(c *OpenSession) error {
	a := d.accessOf()
	if len(c.Hash) != hashSize {
		return refuse(invalid, "a session has a hash of 32 bytes")
	}
	opened := &eventv1.SessionOpened{AgentId: c.AgentID, Hash: c.Hash, ExpiresAt: stamp(d.head.Now.Add(SessionFor))}
	if c.LinkHash != nil {
		for _, id := range slices.Sorted(maps.Keys(a.access.Links)) {
			if link := a.access.Links[id]; bytes.Equal(link.Hash, c.LinkHash) && !past(link.ExpiresAt, d.head.Now) {
				opened.AgentId, opened.LinkId = link.AgentID, id
			}
		}
	}
	byPassword := c.LinkHash == nil && c.PasswordID != "" && a.access.Passwords[c.AgentID] == c.PasswordID
	_, err := a.agent(opened.AgentId)
	if opened.LinkId == "" && !byPassword || err != nil {
		return refuse(wrongLogin, "the login does not count any more")
	}
	if session, ok := a.access.Sessions[c.Ended]; ok {
		a.emit(a.stream, &eventv1.SessionEnded{
			SessionId: session.ID, Reason: eventv1.SessionEnd_SESSION_END_LOGOUT, By: "agent/" + session.AgentID,
		})
	}
	live := slices.DeleteFunc(a.access.SessionsOf(opened.AgentId), func(s Session) bool {
		return s.ID == c.Ended || past(s.ExpiresAt, d.head.Now)
	})
	for _, oldest := range live[:max(0, len(live)-maxSessions+1)] {
		a.emit(a.stream, &eventv1.SessionEnded{SessionId: oldest.ID, Reason: eventv1.SessionEnd_SESSION_END_REPLACED})
	}
	opened.SessionId = d.ids.next()
	a.emit(a.stream, opened)
	return nil
}

func (d *decider) endSession(c *EndSession) error {
	a := d.accessOf()
	if _, ok := a.access.Sessions[c.SessionID]; !ok {
		return refuse(notFound, "there is no such session")
	}
	reason := eventv1.SessionEnd_SESSION_END_REVOKED
	if c.Logout {
		reason = eventv1.SessionEnd_SESSION_END_LOGOUT
	}
	a.emit(a.stream, &eventv1.SessionEnded{SessionId: c.SessionID, Reason: reason, By: c.By})
	return nil
}

func (d *decider) endVisitorSession(c *EndVisitorSession) error {
	if len(c.Hash) != hashSize {
		return refuse(invalid, "a session has a hash of 32 bytes")
	}
	d.emit(visitorStream(c.Hash), &eventv1.VisitorSessionEnded{Hash: c.Hash})
	return nil
}

// visitorStream is where it stands that a visitor's session has ended. Each has one of
// its own: there may be many, and nothing is folded of them.
func visitorStream(hash []byte) Stream { return Stream{CategoryVisitor, hex.EncodeToString(hash)} }
