package operations

import (
	"errors"
	"fmt"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// reread is one thing that an item in quarantine turned out to say, and for whom.
type reread struct {
	// account and source are the integration, or "-" and the app.
	account, source string
	item            *ingressv1.Item
}

// received is when the item reached us at first.
func (q quarantined) received() time.Time {
	if q.rec.Received.IsZero() {
		return q.rec.Recorded
	}
	return q.rec.Received
}

// reread reads an item with today's parser, and finds the integrations that it is
// for among those that its app has today, as its webhook would. The error says, for
// people, why it cannot be used; it holds nothing personal.
func (o *Operations) reread(item quarantined) ([]reread, error) {
	app, err := o.appOf(item)
	if err != nil {
		return nil, err
	}
	if len(item.event.GetSealed().GetRaw()) == 0 {
		return nil, errors.New("it came without its bytes")
	}
	items, err := o.read(app.Channel, channel.KeptItem{
		Raw: item.event.GetSealed().GetRaw(), Beside: item.event.GetSealed().GetBeside(),
		Place: item.event.GetPlace(), ProviderAccount: item.event.GetProviderAccountId(),
	})
	if err != nil {
		return nil, err
	}
	var found []reread
	for _, one := range items {
		if unread := one.GetUnreadable(); unread != nil {
			return nil, errors.New(unread.GetReason())
		}
		id := channel.ProviderAccount(one)
		in, ok := o.Directory.ByProviderAccount(app, id)
		switch {
		case ok:
			found = append(found, reread{in.Account, in.ID, one})
		case one.GetIgnored() != nil:
			found = append(found, reread{nobody, app.ID, one})
		default:
			return nil, fmt.Errorf("the app %s has no integration with the provider's id %q", app.ID, id)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("there is nothing in it")
	}
	return found, nil
}

// appOf returns the app that an item came through.
func (o *Operations) appOf(item quarantined) (channel.App, error) {
	id := item.event.GetSource()
	if account := item.rec.Stream.Account; account != nobody {
		in, ok := o.Directory.Integration(account, item.event.GetIntegrationId())
		if !ok {
			return channel.App{}, fmt.Errorf("the integration %q is not connected", item.event.GetIntegrationId())
		}
		id = in.App
	}
	app, ok := o.Directory.App(id)
	if !ok {
		return app, fmt.Errorf("the app %q is not connected", id)
	}
	return app, nil
}

// read reads what was kept of an item.
func (o *Operations) read(name string, kept channel.KeptItem) (items []*ingressv1.Item, err error) {
	reader, ok := o.Readers[name].(channel.ItemReader)
	if !ok {
		return nil, fmt.Errorf("there is no parser for items of the channel %q", name)
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			o.Logger.Error("a reader panicked over an item in quarantine", "channel", name, "panic", panicked)
			items, err = nil, errors.New("the parser panicked")
		}
	}()
	items, err = reader.ReadItem(kept)
	if err != nil {
		return nil, errors.New("it is no webhook")
	}
	return items, nil
}
