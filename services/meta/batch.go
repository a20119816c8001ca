package meta

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

const (
	// maxBatch is how large a batch may get before the next one is begun, and
	// maxItem how large a single item may be. Both leave room below the 8 MiB
	// that a message on INGRESS may have.
	maxBatch = 3 << 20
	maxItem  = 7 << 20
	// nowhere is the account of items without an integration.
	nowhere = "-"
)

var (
	// ErrNoAnswer is reported when a publisher returned neither an answer nor
	// an error.
	ErrNoAnswer = errors.New("meta: no answer")
	// ErrBatchRefused is reported when the router could not read a batch.
	ErrBatchRefused = errors.New("meta: batch refused")
)

// group is what goes to one integration, in batches that are published one
// after the other.
type group struct {
	from    channel.Source
	batches []*ingressv1.Batch
	size    int
}

// split sorts the items by their integration, in the order of the body.
func (h *Webhook) split(name string, app channel.App, items []*ingressv1.Item) []*group {
	var groups []*group
	by := map[channel.Source]*group{}
	for _, item := range items {
		if size := proto.Size(item); size > maxItem {
			place := item.GetPlace()
			item = unreadable("too large", channel.ProviderAccount(item), nil, item.GetRaw())
			item.Place = place
		}
		from, routed := channel.Source{Kind: channel.KindChannel, Account: nowhere, ID: app.ID}, false
		if id := channel.ProviderAccount(item); id != "" {
			in, ok := h.config.Directory.ByProviderAccount(app, id)
			if ok && in.App == app.ID && in.Channel == app.Channel {
				from.Account, from.ID, routed = in.Account, in.ID, true
			}
		}
		h.config.Events.Item(name, kindOf(item), routed)
		g := by[from]
		if g == nil {
			g = &group{from: from}
			by[from] = g
			groups = append(groups, g)
		}
		g.add(item)
	}
	return groups
}

func (g *group) add(item *ingressv1.Item) {
	size := proto.Size(item)
	if len(g.batches) == 0 || g.size+size > maxBatch {
		g.batches = append(g.batches, &ingressv1.Batch{})
		g.size = 0
	}
	g.size += size
	last := g.batches[len(g.batches)-1]
	last.Items = append(last.Items, item)
}

// publish publishes all groups and waits for every answer. Its error says that
// something is not committed.
func (h *Webhook) publish(ctx context.Context, name string, groups []*group, received time.Time) error {
	errs := make([]error, len(groups))
	room := make(chan struct{}, h.config.Parallel)
	var wait sync.WaitGroup
	for i, g := range groups {
		wait.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			errs[i] = h.publishGroup(ctx, name, g, received)
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (h *Webhook) publishGroup(ctx context.Context, name string, g *group, received time.Time) error {
	for _, batch := range g.batches {
		batch.ReceivedAt = timestamppb.New(received)
		start := h.config.Now()
		answer, err := h.config.Publisher.Publish(ctx, g.from, batch)
		switch {
		case err != nil:
		case answer == nil:
			err = ErrNoAnswer
		case answer.GetError() != "":
			err = ErrBatchRefused
		}
		h.config.Events.Published(name, len(batch.GetItems()), h.config.Now().Sub(start), err)
		if err != nil {
			return err
		}
	}
	return nil
}
