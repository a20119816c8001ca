package conversation

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Settings is how the settings of an integration or a widget came to be as they are.
type Settings struct {
	// Version is the id of the event that made them so: no two states of settings have
	// the same one, in this log or in one that was restored.
	Version string
	// By is who did, as the event says; empty where it does not.
	By string
	// At is when.
	At time.Time
}

// notMade is the version of settings that nobody has made yet.
const notMade = "0"

// unseen refuses a change that was made from settings which are not those of now.
// Where no version was seen, any will do.
func unseen(account *Account, kind, id, seen string) error {
	now, there := account.Settings[id]
	happened := "changed"
	switch {
	case seen == "", there && seen == now.Version, !there && seen == notMade:
		return nil
	case !there:
		return refuse(notFound, "%s %q is not there any more", kind, id)
	case seen == notMade:
		happened = "made"
	}
	return &Refusal{
		Reason: settingsChanged, Detail: fmt.Sprintf("%s %q was %s meanwhile", kind, id, happened), IntegrationID: id, Settings: now,
	}
}

// changed notes that an event changed the settings of an integration or a widget.
func (a *Account) changed(e Event, id, by string) {
	a.Settings[id] = Settings{Version: e.ID, By: by, At: e.At}
}

// configured folds what a widget is. Its keys are made and ended beside its settings.
func (a *Account) configured(e Event, b *eventv1.WidgetConfigured) {
	w := a.Widgets[b.GetWidgetId()]
	if w == nil {
		w = &Widget{Offers: map[string]bool{}, Withdrawn: map[string]Withdrawal{}}
		a.Widgets[b.GetWidgetId()] = w
	}
	now := proto.CloneOf(b)
	now.By = ""
	before := proto.CloneOf(w.Config)
	w.Config = now
	if before != nil {
		before.VisitorKeys = now.GetVisitorKeys()
	}
	if !proto.Equal(before, now) {
		a.changed(e, b.GetWidgetId(), b.GetBy())
	}
}

// connected folds what an integration is.
func (a *Account) connected(e Event, b *eventv1.IntegrationConnected) {
	now := proto.CloneOf(b)
	now.By, now.EndedProviderAccountId = "", ""
	a.Integrations[b.GetIntegrationId()] = now
	a.changed(e, b.GetIntegrationId(), b.GetBy())
}

// withdraw folds that a widget does not offer an integration any more.
func (a *Account) withdraw(w *Widget, id string, e Event, at *timestamppb.Timestamp) {
	delete(w.Offers, id)
	last := Withdrawal{Version: a.Version, Position: e.Position, At: e.At}
	if at != nil {
		last.At = moment(at)
	}
	w.Withdrawn[id] = last
}

// before says whether a link was asked for before a channel was withdrawn. Of one that
// does not say the version of the account, the times say it.
func (l *Link) before(last Withdrawal) bool {
	if l.SetupVersion == 0 {
		return l.RequestedAt.Before(last.At)
	}
	return l.SetupVersion < last.Version
}

// removed folds that an integration is gone, and no widget offers it.
func (a *Account) removed(e Event, b *eventv1.IntegrationRemoved) {
	id := b.GetIntegrationId()
	if b.GetCutAt() != nil {
		a.Cuts[Cut{IntegrationID: id}] = moment(b.GetCutAt())
	}
	delete(a.Integrations, id)
	delete(a.Unhealthy, id)
	delete(a.Settings, id)
	for widget, w := range a.Widgets {
		if w.Offers[id] {
			a.withdraw(w, id, e, b.GetCutAt())
			a.changed(e, widget, b.GetBy())
		}
	}
}
