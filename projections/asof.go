package projections

import (
	"context"
	"fmt"
	"iter"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// The categories of streams that are read by themselves.
const (
	conversationCategory = "conversation"
	customerCategory     = "customer"
)

// Past reads views as they were at a position, by folding the log up to there in
// memory. What was erased or unsent since stays gone.
type Past struct {
	log      Log
	position uint64
	opener   Opener
}

// AsOf returns the past at a position of a log, or its end if the log does not
// reach that.
func AsOf(log Log, position uint64, opener Opener) *Past {
	return &Past{log: log, position: min(position, log.Durable()), opener: opener}
}

// Timeline returns a page of a conversation's timeline. It reads the whole
// stream of the conversation, as do Channel and Route.
func (p *Past) Timeline(ctx context.Context, account, conversation string, page Page) (*viewv1.Timeline, error) {
	r, err := p.conversation(ctx, account, conversation)
	if err != nil {
		return nil, err
	}
	view, err := r.timeline(account, conversation, page)
	return orNil(view, err)
}

// Channel returns what was exchanged over one integration of a conversation.
func (p *Past) Channel(ctx context.Context, account, conversation, integration string) (*viewv1.ChannelView, error) {
	r, err := p.conversation(ctx, account, conversation)
	if err != nil {
		return nil, err
	}
	view, err := r.channel(account, conversation, integration)
	return orNil(view, err)
}

// Route returns where a reply of a conversation went.
func (p *Past) Route(ctx context.Context, account, conversation string) (*viewv1.Route, error) {
	r, err := p.conversation(ctx, account, conversation)
	if err != nil {
		return nil, err
	}
	return r.route(account, conversation)
}

// Customer returns a customer card. A card is made of many streams: this reads
// the whole log up to the position.
func (p *Past) Customer(ctx context.Context, account, customer string) (*viewv1.Customer, error) {
	r, fold, err := p.account(ctx, account, CustomerName)
	if err != nil {
		return nil, err
	}
	if err := p.customerErasedLater(ctx, account, customer, r.rows[CustomerName].(*Memory), fold); err != nil {
		return nil, err
	}
	view, err := r.customer(account, customer)
	return orNil(view, err)
}

// Inbox returns a page of the conversations of an account. It reads the whole log
// up to the position, and the streams of the conversations on the page.
func (p *Past) Inbox(ctx context.Context, account string, query *viewv1.InboxQuery) (*viewv1.InboxPage, error) {
	r, fold, err := p.account(ctx, account, InboxName, CustomerName)
	if err != nil {
		return nil, err
	}
	page, err := r.inbox(account, query)
	if err != nil {
		return nil, err
	}
	for n, s := range page.Conversations {
		said, err := p.conversation(ctx, account, s.ConversationId)
		if err != nil {
			return nil, err
		}
		r.rows[TimelineName] = said.rows[TimelineName]
		if err := p.customerErasedLater(ctx, account, s.CustomerId, r.rows[CustomerName].(*Memory), fold); err != nil {
			return nil, err
		}
		if err := p.conversationErasedLater(ctx, account, s.ConversationId, fold); err != nil {
			return nil, err
		}
		if s, err = r.summary(account, s.ConversationId); err != nil {
			return nil, err
		}
		if err := r.complete(account, s); err != nil {
			return nil, err
		}
		page.Conversations[n] = s
	}
	return page, nil
}

// account folds what happened in an account.
func (p *Past) account(ctx context.Context, account string, names ...string) (*reader, func(*eventstore.Record), error) {
	r, fold := p.begin(names...)
	for rec, err := range p.log.ReadAll(ctx, 1) {
		if err != nil {
			return nil, nil, p.wrap(err)
		}
		if rec.Position > p.position {
			break
		}
		if rec.Stream.Account == account {
			fold(rec)
		}
	}
	return r, fold, nil
}

// conversation folds the stream of one conversation.
func (p *Past) conversation(ctx context.Context, account, id string) (*reader, error) {
	r, fold := p.begin(TimelineName, ChannelViewName, RouteName)
	stream := eventstore.Stream{Account: account, Category: conversationCategory, ID: id}
	for rec, err := range p.readStream(ctx, stream) {
		if err != nil {
			return nil, p.wrap(err)
		}
		if rec.Position <= p.position {
			fold(rec)
			continue
		}
		if event, _ := decode(rec); event != nil {
			takeBack(r.rows[TimelineName].(*Memory), rec, event)
			p.erasedLater(r.rows[TimelineName].(*Memory), rec, event, fold)
		}
	}
	return r, nil
}

func (p *Past) readStream(ctx context.Context, stream eventstore.Stream) iter.Seq2[*eventstore.Record, error] {
	return p.log.ReadStream(ctx, stream, 1)
}

// begin returns a reader of some projections without rows, and what folds a
// record into them.
func (p *Past) begin(names ...string) (*reader, func(*eventstore.Record)) {
	r := &reader{open: p.opener, rows: map[string]source{}, asOf: p.position}
	var folds []func(*eventstore.Record, proto.Message)
	for _, projection := range All() {
		for _, name := range names {
			if name == projection.Name {
				rows := new(Memory)
				r.rows[name] = rows
				folds = append(folds, func(rec *eventstore.Record, event proto.Message) {
					projection.Apply(rows, rec, event)
				})
			}
		}
	}
	return r, func(rec *eventstore.Record) {
		if event, use := decode(rec); use == used {
			for _, fold := range folds {
				fold(rec, event)
			}
		}
	}
}

// takeBack takes the content of a message away that was unsent later.
func takeBack(rows Rows, rec *eventstore.Record, event proto.Message) {
	e, ok := event.(*eventv1.MessageUnsent)
	if !ok {
		return
	}
	t := timelineFold{rows: rows, rec: rec, account: rec.Stream.Account}
	t.unsend(e.ConversationId, e.MessageId, e.ContentEventIds, func(item *viewv1.TimelineItem, _ bool) bool {
		item.Erased = true
		return false
	})
}

func (p *Past) wrap(err error) error {
	return fmt.Errorf("projections: as of position %d: %w", p.position, err)
}
