package conversation

import (
	"maps"
	"slices"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// maxLogin is the longest name by which an agent logs in.
const maxLogin = 128

// agent returns an agent of the account.
func (d *decider) agent(id string) (*eventv1.AgentAdded, error) {
	if agent := d.account().Agents[id]; agent != nil {
		return agent, nil
	}
	return nil, refuse(notFound, "there is no such agent")
}

// described returns an agent as a set-up leaves them: a role and a login that it does
// not state stay.
func described(account *Account, agent *ingressv1.AgentSetup) *eventv1.AgentAdded {
	now := &eventv1.AgentAdded{
		AgentId: agent.GetId(), Name: agent.GetName(), Role: agent.GetRole(), Login: agent.GetLogin(),
	}
	before := account.Agents[agent.GetId()]
	if now.Role == eventv1.Role_ROLE_UNSPECIFIED {
		now.Role = before.GetRole()
	}
	if now.Login == "" {
		now.Login = before.GetLogin()
	}
	return now
}

// checkAgents refuses agents who could not log in, and an account that would be
// nobody's.
func checkAgents(account *Account, setup *ingressv1.ApplySetup) error {
	agents := maps.Clone(account.Agents)
	if agents == nil {
		agents = map[string]*eventv1.AgentAdded{}
	}
	for _, agent := range setup.GetAgents() {
		if !isID(agent.GetId()) || agent.GetName() == "" {
			return refuse(invalid, "agent %q: an agent has an id of a-z, 0-9 and -, and a name", agent.GetId())
		}
		if agent.GetLogin() != "" && !isLogin(agent.GetLogin()) {
			return refuse(invalid, "agent %q: a login is 1 to 128 of a-z, 0-9 and . _ + @ -", agent.GetId())
		}
		if _, known := eventv1.Role_name[int32(agent.GetRole())]; !known {
			return refuse(invalid, "agent %q: there is no such role", agent.GetId())
		}
		agents[agent.GetId()] = described(account, agent)
	}
	logins := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(agents)) {
		login := agents[id].GetLogin()
		if other := logins[login]; login != "" && other != "" {
			return refuse(invalid, "agent %q: agent %q has this login already", id, other)
		}
		logins[login] = id
	}
	if owners(account.Agents) > 0 && owners(agents) == 0 {
		return refuse(invalid, "an account that has an owner keeps one")
	}
	return nil
}

// owners counts those who may do everything.
func owners(agents map[string]*eventv1.AgentAdded) int {
	count := 0
	for _, agent := range agents {
		if agent.GetRole() == eventv1.Role_ROLE_OWNER {
			count++
		}
	}
	return count
}

// isLogin says whether a text can be the name by which somebody logs in. It is in
// lower case, so that it is one name however it is typed.
func isLogin(text string) bool {
	return len(text) <= maxLogin && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789._+@-") == ""
}

// RemoveAgent takes an agent out of the account.
type RemoveAgent struct {
	Header
	AgentID, By string
}

// removeAgent takes an agent out of the account. What is assigned to them stays so in
// the log and reads as nobody's: a conversation of theirs can be assigned anew, and no
// commit grows with their work. Who was removed and is added again has it again.
func (d *decider) removeAgent(c *RemoveAgent) error {
	agent, err := d.agent(c.AgentID)
	if err != nil {
		return err
	}
	if agent.GetRole() == eventv1.Role_ROLE_OWNER && owners(d.account().Agents) == 1 {
		return refuse(invalid, "an account that has an owner keeps one")
	}
	d.emit(Stream{CategoryAccount, d.head.Account}, &eventv1.AgentRemoved{
		AgentId: c.AgentID, EndedLogin: agent.GetLogin(), By: c.By,
	})
	d.agentLeaves(c.AgentID, c.By)
	return nil
}
