package conversation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// ChannelWidget is the channel of web widgets; the others are adapters.
const ChannelWidget = "widget"

// setup makes the account what the set-up says. Only what differs becomes an
// event, so the same set-up again changes nothing.
func (d *decider) setup(c *ApplySetup) error {
	account := d.account()
	for _, i := range c.Setup.GetIntegrations() {
		if err := unseen(account, "integration", i.GetId(), i.GetSeenVersion()); err != nil {
			return err
		}
	}
	for _, w := range c.Setup.GetWidgets() {
		if err := unseen(account, "widget", w.GetId(), w.GetSeenVersion()); err != nil {
			return err
		}
	}
	if err := check(account, c.Setup, c.Fingerprints); err != nil {
		return err
	}
	s := setupDecision{d: d, account: account, stream: Stream{CategoryAccount, d.head.Account}, by: c.By}
	name := c.Setup.GetName()
	if account.Version == 0 || name != "" && name != account.Name {
		d.emit(s.stream, &eventv1.AccountCreated{AccountId: d.head.Account, Name: name, By: c.By})
	}
	if policy := c.Setup.GetBoundElsewhere(); policy != 0 && policy != account.BoundElsewhere {
		d.emit(s.stream, &eventv1.LinkPolicyChanged{BoundElsewhere: policy, By: c.By})
	}
	for _, app := range c.Setup.GetApps() {
		before := account.Apps[app.GetId()]
		now := &eventv1.AppConnected{
			AppId: app.GetId(), Channel: app.GetChannel(), ProviderAppId: app.GetProviderAppId(),
			Secrets: fingerprints(before.GetSecrets(), c.Fingerprints["app/"+app.GetId()]),
		}
		if !proto.Equal(before, now) {
			now.By = c.By
			d.emit(s.stream, now)
		}
	}
	for _, i := range c.Setup.GetIntegrations() {
		before := account.Integrations[i.GetId()]
		connected := &eventv1.IntegrationConnected{
			IntegrationId: i.GetId(), Channel: i.GetChannel(), AppId: i.GetAppId(),
			ProviderAccountId: i.GetProviderAccountId(), Address: i.GetAddress(), Name: i.GetName(),
			PageId: i.GetPageId(), HumanAgent: i.GetHumanAgent(), BusinessAccountId: i.GetBusinessAccountId(),
			Secrets: fingerprints(before.GetSecrets(), c.Fingerprints["integration/"+i.GetId()]),
		}
		s.integration(before, connected)
		if before != nil && !slices.EqualFunc(before.GetSecrets(), connected.GetSecrets(), sameSecret) {
			// Another token is taken to have mended it, until it shows otherwise.
			d.recovered(i.GetId())
		}
	}
	for _, w := range c.Setup.GetWidgets() {
		s.widget(w, c.Fingerprints["widget/"+w.GetId()])
	}
	for _, change := range c.Setup.GetVisitorKeys() {
		now, err := changedKey(account, change, c.Fingerprints["widget/"+change.GetWidgetId()])
		if err != nil {
			return err
		}
		s.configured(account.Widgets[change.GetWidgetId()].Config, now)
	}
	for _, agent := range c.Setup.GetAgents() {
		s.agent(account.Agents[agent.GetId()], described(account, agent))
	}
	return nil
}

// fingerprints returns those of the secrets as they stand after a set-up: a field
// that it does not name keeps its own.
func fingerprints(before, said []*eventv1.SecretFingerprint) []*eventv1.SecretFingerprint {
	kept := slices.DeleteFunc(slices.Clone(before), func(old *eventv1.SecretFingerprint) bool {
		return slices.ContainsFunc(said, func(now *eventv1.SecretFingerprint) bool { return now.GetField() == old.GetField() })
	})
	return slices.SortedStableFunc(slices.Values(append(kept, said...)), func(a, b *eventv1.SecretFingerprint) int {
		return strings.Compare(a.GetField(), b.GetField())
	})
}

func sameSecret(a, b *eventv1.SecretFingerprint) bool { return proto.Equal(a, b) }

// setupDecision is one set-up in the course of being compared.
type setupDecision struct {
	d       *decider
	account *Account
	stream  Stream
	by      string
}

// integration writes what an integration is, unless it is so already, and the
// provider's account that is free again.
func (s *setupDecision) integration(before, now *eventv1.IntegrationConnected) {
	if proto.Equal(before, now) {
		return
	}
	if before.GetProviderAccountId() != now.GetProviderAccountId() {
		now.EndedProviderAccountId = before.GetProviderAccountId()
	}
	now.By = s.by
	s.d.emit(s.stream, now)
}

// configured writes what a widget is, unless it is so already.
func (s *setupDecision) configured(before, now *eventv1.WidgetConfigured) {
	if !proto.Equal(before, now) {
		now.By = s.by
		s.d.emit(s.stream, now)
	}
}

// agent writes an agent, and the name of login that is free again.
func (s *setupDecision) agent(before, now *eventv1.AgentAdded) {
	if proto.Equal(before, now) {
		return
	}
	if before.GetLogin() != now.GetLogin() {
		now.EndedLogin = before.GetLogin()
	}
	now.By = s.by
	s.d.emit(s.stream, now)
}

// widget writes a widget, its own integration, and what it offers.
func (s *setupDecision) widget(w *ingressv1.WidgetSetup, keys []*eventv1.SecretFingerprint) {
	s.integration(s.account.Integrations[w.GetId()], &eventv1.IntegrationConnected{
		IntegrationId: w.GetId(), Channel: ChannelWidget, Name: w.GetSite(),
	})
	before := s.account.Widgets[w.GetId()]
	if before == nil {
		before = &Widget{}
	}
	s.configured(before.Config, &eventv1.WidgetConfigured{
		WidgetId: w.GetId(), Site: w.GetSite(), Origins: w.GetOrigins(), Languages: w.GetLanguages(),
		Confirmation: w.GetConfirmation(), CodeLifetime: w.GetCodeLifetime(),
		SilentDisconnect: w.GetSilentDisconnect(), NewConversationAfter: w.GetNewConversationAfter(),
		VisitorKeys:        visitorKeys(before.Config, w, keys),
		SignedVisitorsOnly: w.GetSignedVisitorsOnly(), Appearance: w.GetAppearance(),
	})
	for _, id := range w.GetOffers() {
		if !before.Offers[id] {
			s.d.emit(s.stream, &eventv1.ChannelOffered{WidgetId: w.GetId(), IntegrationId: id, By: s.by})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(before.Offers)) {
		if !slices.Contains(w.GetOffers(), id) {
			withdrawn := &eventv1.ChannelWithdrawn{WidgetId: w.GetId(), IntegrationId: id, Cut: w.GetCutWithdrawn(), By: s.by, WithdrawnAt: stamp(s.d.head.Now)}
			if withdrawn.Cut {
				since, under := s.account.Cuts[Cut{id, w.GetId()}]
				if !under {
					since = s.d.head.Now
				}
				withdrawn.CutAt = stamp(since)
			}
			s.d.emit(s.stream, withdrawn)
		}
	}
}

// check refuses a set-up that could not work, naming the place.
func check(account *Account, setup *ingressv1.ApplySetup, fingerprints map[string][]*eventv1.SecretFingerprint) error {
	if twice := saidTwice(setup); twice != "" {
		return refuse(invalid, "%s is there twice", twice)
	}
	apps := map[string]string{}
	for id, app := range account.Apps {
		apps[id] = app.GetChannel()
	}
	for _, app := range setup.GetApps() {
		if !isID(app.GetId()) {
			return refuse(invalid, "app %q: an id is 1 to 64 of a-z, 0-9 and -", app.GetId())
		}
		if app.GetChannel() == "" || app.GetChannel() == ChannelWidget {
			return refuse(invalid, "app %q: the channel is missing", app.GetId())
		}
		if !isID(app.GetChannel()) {
			// It becomes part of a subject, where its sends wait.
			return refuse(invalid, "app %q: a channel is 1 to 64 of a-z, 0-9 and -", app.GetId())
		}
		if c, known := apps[app.GetId()]; known && c != app.GetChannel() {
			return refuse(invalid, "app %q: it is of channel %q", app.GetId(), c)
		}
		apps[app.GetId()] = app.GetChannel()
	}
	channels := map[string]string{}
	owners := map[string]string{}
	for id, i := range account.Integrations {
		channels[id] = i.GetChannel()
		owners[i.GetChannel()+"/"+i.GetProviderAccountId()] = id
	}
	for _, i := range setup.GetIntegrations() {
		switch {
		case !isID(i.GetId()):
			return refuse(invalid, "integration %q: an id is 1 to 64 of a-z, 0-9 and -", i.GetId())
		case i.GetChannel() == ChannelWidget:
			return refuse(invalid, "integration %q: widgets have a list of their own", i.GetId())
		case apps[i.GetAppId()] != i.GetChannel():
			return refuse(invalid, "integration %q: there is no app %q of channel %q", i.GetId(), i.GetAppId(), i.GetChannel())
		case i.GetProviderAccountId() == "":
			return refuse(invalid, "integration %q: the provider's account id is missing", i.GetId())
		case channels[i.GetId()] != "" && channels[i.GetId()] != i.GetChannel():
			return refuse(invalid, "integration %q: it is of channel %q", i.GetId(), channels[i.GetId()])
		}
		if _, under := account.Cuts[Cut{IntegrationID: i.GetId()}]; under {
			return refuse(invalid, "integration %q: it was removed a moment ago, and its bindings are being ended", i.GetId())
		}
		owner := i.GetChannel() + "/" + i.GetProviderAccountId()
		if other := owners[owner]; other != "" && other != i.GetId() {
			return refuse(invalid, "integration %q: integration %q has this provider account already", i.GetId(), other)
		}
		owners[owner] = i.GetId()
		channels[i.GetId()] = i.GetChannel()
	}
	for _, w := range setup.GetWidgets() {
		if !isID(w.GetId()) {
			return refuse(invalid, "widget %q: an id is 1 to 64 of a-z, 0-9 and -", w.GetId())
		}
		if c, taken := channels[w.GetId()]; taken && c != ChannelWidget {
			return refuse(invalid, "widget %q: an integration has this id", w.GetId())
		}
		if after := w.GetNewConversationAfter(); after.AsDuration() != 0 && (after.AsDuration() < minNewAfter || after.AsDuration() > maxNewAfter) {
			return refuse(invalid, "widget %q: a new conversation starts after 1 hour to 10 years, or never", w.GetId())
		}
		if err := checkKeys(account, w, fingerprints["widget/"+w.GetId()]); err != nil {
			return err
		}
		if l := w.GetCodeLifetime(); l != nil && (l.AsDuration() < minCodeLifetime || l.AsDuration() > maxCodeLifetime) {
			return refuse(invalid, "widget %q: a code lives 5 to 60 minutes", w.GetId())
		}
		if err := checkAppearance(w.GetId(), w.GetAppearance()); err != nil {
			return err
		}
		for _, id := range w.GetOffers() {
			if c, ok := channels[id]; !ok || c == ChannelWidget {
				return refuse(invalid, "widget %q: there is no channel %q to offer", w.GetId(), id)
			}
		}
	}
	return checkAgents(account, setup)
}

// saidTwice names what a set-up says two things about, or returns nothing: the one
// that counts would be another each time.
func saidTwice(setup *ingressv1.ApplySetup) string {
	said := map[string]bool{}
	twice := ""
	say := func(kind, id string) {
		if name := fmt.Sprintf("%s %q", kind, id); twice == "" && said[name] {
			twice = name
		} else {
			said[name] = true
		}
	}
	for _, app := range setup.GetApps() {
		say("app", app.GetId())
	}
	for _, i := range setup.GetIntegrations() {
		say("integration", i.GetId())
	}
	for _, w := range setup.GetWidgets() {
		say("widget", w.GetId())
	}
	for _, change := range setup.GetVisitorKeys() {
		say("widget", change.GetWidgetId())
	}
	for _, agent := range setup.GetAgents() {
		say("agent", agent.GetId())
	}
	return twice
}

// isID says whether a text can be an id that an admin chose.
func isID(text string) bool {
	return len(text) >= 1 && len(text) <= 64 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		strings.Trim(text, "-") != ""
}
