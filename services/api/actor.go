package api

import (
	"context"
	"slices"
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
)

// kind is what sort of caller somebody is.
type kind int

// The kinds of callers. Nobody is who has no token, or none that counts.
const (
	nobody kind = iota
	aVisitor
	anAgent
	aKey
	anOperator
)

// actor is who calls, as the token of the call says.
type actor struct {
	kind kind
	// account is the one that they act in; empty for an operator.
	account string
	// id is under which they act: an agent's id, or key/<id>.
	id string
	// scopes are what they may do.
	scopes scopes
	// agent and session are those of an agent who has logged in.
	agent   *queryv1.Agent
	session *queryv1.AgentSession
	// key is the API key.
	key *queryv1.ApiKey
	// visit is a visitor's.
	visit *visit
	// ends is when the token ends by itself; zero is never.
	ends time.Time
}

// by names them in the audit.
func (a actor) by() string {
	switch a.kind {
	case anAgent:
		return "agent/" + a.id
	case aKey:
		return a.id
	}
	return "operator"
}

// remembered names them where it is counted how often they call.
func (a actor) remembered() string { return a.account + " " + a.by() }

type actorKey struct{}

// as returns a context in which an actor calls.
func as(ctx context.Context, a actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// callingAgent returns who calls; nobody where that was not found out.
func callingAgent(ctx context.Context) actor {
	a, _ := ctx.Value(actorKey{}).(actor)
	return a
}

// scope is something that somebody may do.
type scope string

// The scopes, by which the API keys of docs and requests name them.
const (
	// readConversations is to read conversations, messages, templates and the inbox,
	// and to subscribe.
	readConversations scope = "conversations:read"
	// writeConversations is to answer, close, assign, label, link and disconnect.
	writeConversations scope = "conversations:write"
	// readCustomers is to read customers' cards.
	readCustomers scope = "customers:read"
	// writeCustomers is to link customers and to confirm their addresses.
	writeCustomers scope = "customers:write"
	// readEvents is to read the audit.
	readEvents scope = "events:read"
	// readSetup is to read integrations and widgets.
	readSetup scope = "setup:read"
	// writeSetup is to change them.
	writeSetup scope = "setup:write"
	// readAccess is to read agents, their sessions and API keys.
	readAccess scope = "access:read"
	// writeAccess is to change them, as far as they may do no more than oneself.
	writeAccess scope = "access:write"
	// writeOwners is to change owners. It is theirs alone.
	writeOwners scope = "owners:write"
)

// scopes are a set of them.
type scopes []scope

// roles are what the roles of agents may do.
var roles = map[eventv1.Role]scopes{
	eventv1.Role_ROLE_OWNER: {
		readConversations, writeConversations, readCustomers, writeCustomers, readEvents,
		readSetup, writeSetup, readAccess, writeAccess, writeOwners,
	},
	eventv1.Role_ROLE_ADMIN: {
		readConversations, writeConversations, readCustomers, writeCustomers, readEvents,
		readSetup, writeSetup, readAccess, writeAccess,
	},
	eventv1.Role_ROLE_AGENT:       {readConversations, writeConversations, readCustomers, writeCustomers},
	eventv1.Role_ROLE_UNSPECIFIED: {readConversations, writeConversations, readCustomers, writeCustomers},
	eventv1.Role_ROLE_AUDITOR:     {readConversations, readCustomers, readEvents, readSetup, readAccess},
}

// everyScope is what an owner may do, which is everything.
func everyScope() scopes { return roles[eventv1.Role_ROLE_OWNER] }

// EveryScope is what an API key may be allowed, by name.
func EveryScope() []string { return everyScope().names() }

// String lists them as people write them.
func (s scopes) String() string {
	var names []string
	for _, one := range s {
		names = append(names, string(one))
	}
	return strings.Join(names, ", ")
}

// has says whether all of some scopes are among them.
func (s scopes) has(all ...scope) bool {
	return !slices.ContainsFunc(all, func(one scope) bool { return !slices.Contains(s, one) })
}

// names returns them as API keys name them.
func (s scopes) names() []string {
	names := make([]string, len(s))
	for at, one := range s {
		names[at] = string(one)
	}
	return names
}

// scopesOf reads the names of scopes; false where one is none.
func scopesOf(names []string) (scopes, bool) {
	var read scopes
	for _, name := range names {
		if !everyScope().has(scope(name)) {
			return nil, false
		}
		read = append(read, scope(name))
	}
	return read, true
}

// mayTouch refuses what is about somebody who may do more than the actor, and giving
// anybody more than the actor has.
func (a actor) mayTouch(what scopes) error {
	if a.kind == anOperator || a.scopes.has(what...) {
		return nil
	}
	return errForbidden
}
