package conversation_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// hash is what stands for a secret.
func hash(of string) []byte { return append([]byte(of), bytes.Repeat([]byte{'.'}, 32-len(of))...) }

// refused gives a command that is not to be carried out.
func (d *desk) refused(c conversation.Command, reason ingressv1.Refusal) {
	d.t.Helper()
	d.count++
	h := conversation.HeaderOf(c)
	h.ID, h.Account, h.Now, h.Received = fmt.Sprintf("01%016d00000000", d.count), account, d.now, d.now
	decision, err := conversation.Decide(d.state, c)
	var refusal *conversation.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != reason {
		d.t.Errorf("%T: %s, %v", c, kinds(decision), err)
	}
}

const wrongLogin = ingressv1.Refusal_REFUSAL_WRONG_LOGIN

func (d *desk) access() *conversation.Access { return d.state.Access(account) }

// I33: a password counts from its event on, and ends what stood on the one before.
func TestPasswordsAndSessions(t *testing.T) {
	d := newDesk(t)
	d.refused(&conversation.SetPassword{AgentID: "nobody", PasswordID: "p1"}, notFound)
	d.refused(&conversation.OpenSession{AgentID: "kim", Hash: hash("a")}, wrongLogin)
	d.refused(&conversation.OpenSession{AgentID: "kim", PasswordID: "p1", Hash: hash("a")}, wrongLogin)
	d.expect(d.give(&conversation.SetPassword{AgentID: "kim", By: "operator", PasswordID: "p1"}), "PasswordSet")
	d.expect(d.give(&conversation.OpenSession{AgentID: "kim", PasswordID: "p1", Hash: hash("a")}), "SessionOpened")
	d.expect(d.give(&conversation.OpenSession{AgentID: "kim", PasswordID: "p1", Hash: hash("b")}), "SessionOpened")
	d.refused(&conversation.OpenSession{AgentID: "kim", PasswordID: "p0", Hash: hash("c")}, wrongLogin)
	first := d.access().SessionsOf("kim")[0].ID
	d.expect(d.give(&conversation.SetPassword{AgentID: "kim", By: "agent/kim", PasswordID: "p2", Kept: first}), "PasswordSet SessionEnded")
	if left := d.access().SessionsOf("kim"); len(left) != 1 || left[0].ID != first {
		t.Errorf("left are %v", left)
	}
	// Who had checked the old one before it was replaced comes too late.
	d.refused(&conversation.OpenSession{AgentID: "kim", PasswordID: "p1", Hash: hash("d")}, wrongLogin)
	d.expect(d.give(&conversation.OpenSession{AgentID: "kim", PasswordID: "p2", Hash: hash("d"), Ended: first}), "SessionEnded SessionOpened")
	last := d.access().SessionsOf("kim")[0].ID
	d.expect(d.give(&conversation.EndSession{SessionID: last, By: "agent/kim", Logout: true}), "SessionEnded")
	d.refused(&conversation.EndSession{SessionID: last}, notFound)
}

func TestALoginLinkIsGoodOnce(t *testing.T) {
	d := newDesk(t)
	d.refused(&conversation.MakeLoginLink{AgentID: "nobody", Hash: hash("l")}, notFound)
	d.expect(d.give(&conversation.MakeLoginLink{AgentID: "kim", By: "operator", Hash: hash("l")}), "LoginLinkMade")
	d.refused(&conversation.OpenSession{LinkHash: hash("m"), Hash: hash("a")}, wrongLogin)
	d.expect(d.give(&conversation.OpenSession{LinkHash: hash("l"), Hash: hash("a")}), "SessionOpened")
	d.refused(&conversation.OpenSession{LinkHash: hash("l"), Hash: hash("b")}, wrongLogin)
	if s := d.access().SessionsOf("kim"); len(s) != 1 || s[0].LinkID == "" || !s[0].ExpiresAt.Equal(d.now.Add(7*24*time.Hour)) {
		t.Errorf("%+v", s)
	}
	// One is too late, and one is ended by a password.
	d.give(&conversation.MakeLoginLink{AgentID: "kim", Hash: hash("late")})
	d.now = d.now.Add(time.Hour)
	d.refused(&conversation.OpenSession{LinkHash: hash("late"), Hash: hash("b")}, wrongLogin)
	d.give(&conversation.MakeLoginLink{AgentID: "kim", Hash: hash("next")})
	d.give(&conversation.SetPassword{AgentID: "kim", PasswordID: "p"})
	d.refused(&conversation.OpenSession{LinkHash: hash("next"), Hash: hash("b")}, wrongLogin)
	for at := range 20 {
		d.give(&conversation.MakeLoginLink{AgentID: "kim", Hash: hash(fmt.Sprint(at))})
	}
	d.refused(&conversation.MakeLoginLink{AgentID: "kim", Hash: hash("more")}, invalid)
}

// I31: a restored log may not know which sessions were ended, so none is left.
func TestNobodyIsLoggedInAfterARestore(t *testing.T) {
	d := newDesk(t)
	d.expect(d.give(&conversation.AbandonSessions{}), "")
	d.give(&conversation.SetPassword{AgentID: "kim", PasswordID: "p"})
	for at := range 2 {
		d.give(&conversation.OpenSession{AgentID: "kim", PasswordID: "p", Hash: hash(fmt.Sprint(at))})
	}
	d.give(&conversation.MakeLoginLink{AgentID: "kim", By: "operator", Hash: hash("l")})
	d.expect(d.give(&conversation.AbandonSessions{}), "SessionEnded SessionEnded LoginLinkEnded")
	d.refused(&conversation.OpenSession{LinkHash: hash("l"), Hash: hash("by link")}, wrongLogin)
	if s := d.access().Sessions; len(s) != 0 {
		t.Errorf("%d sessions are left", len(s))
	}
	d.expect(d.give(&conversation.OpenSession{AgentID: "kim", PasswordID: "p", Hash: hash("again")}), "SessionOpened")
}

// What has ended does not stay in memory, and the oldest of too many gives way.
func TestSessionsAreBounded(t *testing.T) {
	d := newDesk(t)
	d.give(&conversation.SetPassword{AgentID: "kim", PasswordID: "p"})
	open := func(at int) conversation.Decision {
		return d.give(&conversation.OpenSession{AgentID: "kim", PasswordID: "p", Hash: hash(fmt.Sprint(at))})
	}
	for at := range 20 {
		d.expect(open(at), "SessionOpened")
	}
	oldest := d.access().SessionsOf("kim")[0].ID
	replaced := open(20)
	d.expect(replaced, "SessionEnded SessionOpened")
	if ended := replaced.Events[0].Body.(*eventv1.SessionEnded); ended.GetSessionId() != oldest || ended.GetReason() != eventv1.SessionEnd_SESSION_END_REPLACED {
		t.Errorf("%v gave way to %v", ended, oldest)
	}
	d.now = d.now.Add(7 * 24 * time.Hour)
	d.expect(open(21), "SessionOpened")
	if s := d.access().SessionsOf("kim"); len(s) != 1 || len(d.access().Sessions) != 1 {
		t.Errorf("%d sessions are left", len(s))
	}
}

func TestWhoeverLeavesCannotComeBack(t *testing.T) {
	d := newDesk(t)
	d.give(&conversation.ApplySetup{Setup: &ingressv1.ApplySetup{Agents: []*ingressv1.AgentSetup{{Id: "eva", Name: "Eva"}}}})
	d.expect(d.give(&conversation.RemoveAgent{AgentID: "eva", By: "operator"}), "AgentRemoved")
	d.give(&conversation.SetPassword{AgentID: "kim", PasswordID: "p"})
	d.give(&conversation.OpenSession{AgentID: "kim", PasswordID: "p", Hash: hash("a")})
	d.give(&conversation.MakeLoginLink{AgentID: "kim", Hash: hash("l")})
	d.expect(d.give(&conversation.RemoveAgent{AgentID: "kim", By: "operator"}), "AgentRemoved PasswordSet SessionEnded")
	d.give(&conversation.ApplySetup{Setup: &ingressv1.ApplySetup{Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Another Kim"}}}})
	d.refused(&conversation.OpenSession{AgentID: "kim", PasswordID: "p", Hash: hash("b")}, wrongLogin)
	d.refused(&conversation.OpenSession{LinkHash: hash("l"), Hash: hash("b")}, wrongLogin)
}

// What a visitor ends is no part of who may come in, which is read whole.
func TestVisitorsSessionsHaveStreamsOfTheirOwn(t *testing.T) {
	d := newDesk(t)
	d.give(&conversation.SetPassword{AgentID: "kim", PasswordID: "p"})
	before, streams := d.access().Version, map[conversation.Stream]bool{}
	for at := range 3 {
		decision := d.give(&conversation.EndVisitorSession{Hash: hash(fmt.Sprint(at))})
		d.expect(decision, "VisitorSessionEnded")
		streams[decision.Events[0].Stream] = true
	}
	if after := d.access().Version; after != before || len(streams) != 3 {
		t.Errorf("who may come in went from version %d to %d, in streams %v", before, after, streams)
	}
	d.refused(&conversation.EndVisitorSession{Hash: []byte("short")}, invalid)
}

func TestAPIKeys(t *testing.T) {
	d := newDesk(t)
	key := func(change func(*conversation.CreateAPIKey)) *conversation.CreateAPIKey {
		c := &conversation.CreateAPIKey{KeyID: "k1", Name: "Shop", By: "operator", Hash: hash("k"), Scopes: []string{"conversations:read"}}
		if change != nil {
			change(c)
		}
		return c
	}
	for _, change := range []func(*conversation.CreateAPIKey){
		func(c *conversation.CreateAPIKey) { c.KeyID = "k_1" },
		func(c *conversation.CreateAPIKey) { c.Name = "" },
		func(c *conversation.CreateAPIKey) { c.Hash = nil },
		func(c *conversation.CreateAPIKey) { c.Scopes = nil },
		func(c *conversation.CreateAPIKey) { c.ExpiresAt = d.now },
	} {
		d.refused(key(change), invalid)
	}
	d.expect(d.give(key(func(c *conversation.CreateAPIKey) { c.ExpiresAt = d.now.Add(30 * time.Hour) })), "ApiKeyCreated")
	d.refused(key(nil), invalid)
	d.expect(d.give(&conversation.UseAPIKey{KeyID: "k1"}), "ApiKeyUsed")
	d.expect(d.give(&conversation.UseAPIKey{KeyID: "k1"}), "")
	d.now = d.now.Add(24 * time.Hour)
	d.expect(d.give(&conversation.UseAPIKey{KeyID: "k1"}), "ApiKeyUsed")
	if used := d.access().Keys["k1"].UsedAt; used != used.Truncate(24*time.Hour) {
		t.Errorf("it was used at %v", used)
	}
	d.expect(d.give(&conversation.RevokeAPIKey{KeyID: "k1", By: "operator"}), "ApiKeyRevoked")
	d.refused(&conversation.RevokeAPIKey{KeyID: "k1"}, notFound)
	d.refused(&conversation.UseAPIKey{KeyID: "k1"}, notFound)
}
