package projections

import (
	"slices"

	"google.golang.org/protobuf/proto"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// Page says which lines of a timeline are read. The zero value reads the first
// 100.
type Page struct {
	// After and Before bound the lines by their positions, both exclusive;
	// Before 0 is no bound.
	After, Before uint64
	// Limit is how many lines are read at most, 100 if 0. A page ends before it where
	// it has 4 MiB.
	Limit int
	// Last reads those nearest to Before instead of those nearest to After. The
	// lines are in log order all the same.
	Last bool
	// Keep says which lines count.
	Keep Lines
	// Since leaves only the lines that are new or different after a position. Not
	// with Before or Last.
	Since uint64
	// Enough ends the reading with the last line of the page: whether there are more
	// is not found out.
	Enough bool
}

// Lines says which lines of a timeline count: all, where it is the zero value.
type Lines struct {
	// Kinds are the kinds that count.
	Kinds []viewv1.ItemKind
	// System are the system lines that count beside those.
	System []viewv1.SystemLineKind
	// Link leaves only the system lines that are about a link.
	Link string
}

// count reports whether a line counts.
func (l Lines) count(item *viewv1.TimelineItem) bool {
	line := item.GetSystem()
	if l.Link != "" && line.GetLinkId() != l.Link {
		return false
	}
	return len(l.Kinds)+len(l.System) == 0 || slices.Contains(l.Kinds, item.GetKind()) ||
		line != nil && slices.Contains(l.System, line.GetKind())
}

// pageBytes bounds a page beside the number of its lines: it has to fit into one
// message on its way to another process.
const pageBytes = 4 << 20

// defaultLimit is how many lines a page has.
const defaultLimit = 100

// source is where the rows of one projection are read.
type source interface {
	load(k []byte, row proto.Message) (bool, error)
	scan(from, to []byte, backward bool, f func(k []byte, load func(proto.Message) error) (bool, error)) error
}

// reader reads views from rows that all stand at one position of the log.
type reader struct {
	open Opener
	rows map[string]source // by projection
	asOf uint64
}

// timeline reads a page of a conversation's timeline.
func (r *reader) timeline(account, conversation string, page Page) (*viewv1.Timeline, error) {
	if page.Limit <= 0 {
		page.Limit = defaultLimit
	}
	all := rowKey(account, conversation, kindItem)
	from, to := append(itemKey(account, conversation, page.After), 0), prefixEnd(all)
	if page.Before != 0 {
		to = itemKey(account, conversation, page.Before)
	}
	view := &viewv1.Timeline{AsOf: r.asOf}
	seen, err := r.seenUpTo(account, conversation)
	if err != nil {
		return nil, err
	}
	rows, bytes := r.rows[TimelineName], 0
	take := func(_ []byte, load func(proto.Message) error) (bool, error) {
		item := new(viewv1.TimelineItem)
		if err := load(item); err != nil {
			return false, err
		}
		if !page.Keep.count(item) {
			return true, nil
		}
		if view.More = len(view.Items) == page.Limit || bytes >= pageBytes; view.More {
			return false, nil
		}
		view.Items = append(view.Items, item)
		if err := r.open.item(account, item); err != nil {
			return false, err
		}
		markSeen(item, seen)
		bytes += proto.Size(item)
		return !page.Enough || len(view.Items) < page.Limit, nil
	}
	more, err := r.changed(account, conversation, page, take)
	if err == nil && more {
		if page.Since > page.After {
			from = append(itemKey(account, conversation, page.Since), 0)
		}
		err = rows.scan(from, to, page.Last, take)
	}
	if err != nil {
		return nil, err
	}
	if page.Last {
		slices.Reverse(view.Items)
	}
	if len(view.Items) > 0 {
		return view, nil
	}
	return view, r.exists(rows, all)
}

// changed takes the lines of a page that were made before its Since and are different
// after it, in log order, and reports whether the page wants more.
func (r *reader) changed(account, conversation string, page Page, take func([]byte, func(proto.Message) error) (bool, error)) (more bool, err error) {
	if page.Since == 0 {
		return true, nil
	}
	rows := r.rows[TimelineName]
	all := rowKey(account, conversation, kindChanged)
	var places []uint64
	err = rows.scan(rowKey(account, conversation, kindChanged).number(page.Since+1), prefixEnd(all), false,
		func(_ []byte, load func(proto.Message) error) (bool, error) {
			place := new(viewv1.ItemPlace)
			if err := load(place); err != nil {
				return false, err
			}
			if place.Position > page.After && place.Position <= page.Since {
				places = append(places, place.Position)
			}
			return true, nil
		})
	if err != nil {
		return false, err
	}
	slices.Sort(places)
	for _, place := range places {
		k := itemKey(account, conversation, place)
		more, err := take(k, func(item proto.Message) error {
			ok, err := rows.load(k, item)
			if err == nil && !ok {
				err = ErrCorrupt
			}
			return err
		})
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// exists returns ErrNotFound if no row begins with a prefix.
func (r *reader) exists(rows source, prefix []byte) error {
	found := false
	err := rows.scan(prefix, prefixEnd(prefix), false, func([]byte, func(proto.Message) error) (bool, error) {
		found = true
		return false, nil
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// channel reads the view of one integration of a conversation.
func (r *reader) channel(account, conversation, integration string) (*viewv1.ChannelView, error) {
	rows := r.rows[ChannelViewName]
	state := new(viewv1.ChannelState)
	if _, err := rows.load(rowKey(account, conversation, kindState), state); err != nil {
		return nil, err
	}
	view := &viewv1.ChannelView{ConversationId: conversation, IntegrationId: integration, AsOf: r.asOf}
	if !describe(view, state) {
		return nil, ErrNotFound
	}
	seen, err := r.seenUpTo(account, conversation)
	if err != nil {
		return nil, err
	}
	segments := map[uint64]*viewv1.Segment{}
	prefix := rowKey(account, conversation, kindSegment).text(integration)
	err = rows.scan(prefix, prefixEnd(prefix), false, func(_ []byte, load func(proto.Message) error) (bool, error) {
		segment := new(viewv1.Segment)
		if err := load(segment); err != nil {
			return false, err
		}
		segments[segment.Number] = segment
		view.Segments = append(view.Segments, segment)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	prefix = rowKey(account, conversation, kindPlacement).text(integration)
	err = rows.scan(prefix, prefixEnd(prefix), false, func(k []byte, load func(proto.Message) error) (bool, error) {
		placement := new(viewv1.Placement)
		if err := load(placement); err != nil {
			return false, err
		}
		item, err := r.item(account, conversation, placement.Item)
		if err != nil {
			return false, err
		}
		markSeen(item, seen)
		segment := segments[placement.Segment]
		if segment == nil {
			// What came before the channel ever led has a segment of its own.
			segment = &viewv1.Segment{Number: placement.Segment}
			segments[placement.Segment] = segment
			view.Segments = append([]*viewv1.Segment{segment}, view.Segments...)
		}
		segment.Entries = append(segment.Entries, &viewv1.Entry{
			Position: lastNumber(k), Aside: placement.Aside, Item: item,
		})
		return true, nil
	})
	return view, err
}

// describe gives a view its channel, and reports whether the conversation has
// it.
func describe(view *viewv1.ChannelView, state *viewv1.ChannelState) bool {
	for _, count := range state.Channels {
		if count.IntegrationId == view.IntegrationId {
			view.Channel = count.Channel
			return true
		}
	}
	for _, bound := range state.Identities {
		if bound.IntegrationId == view.IntegrationId {
			view.Channel = bound.Channel
			return true
		}
	}
	return false
}

// item reads one line of a timeline.
func (r *reader) item(account, conversation string, position uint64) (*viewv1.TimelineItem, error) {
	item := new(viewv1.TimelineItem)
	ok, err := r.rows[TimelineName].load(itemKey(account, conversation, position), item)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrCorrupt
	}
	return item, r.open.item(account, item)
}

// route reads the route of a conversation.
func (r *reader) route(account, conversation string) (*viewv1.Route, error) {
	route := new(viewv1.Route)
	ok, err := r.rows[RouteName].load(rowKey(account, conversation, kindRoute), route)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotFound
	}
	route.AsOf = r.asOf
	return route, nil
}

// customer reads a customer card.
func (r *reader) customer(account, id string) (*viewv1.Customer, error) {
	rows := r.rows[CustomerName]
	customer := new(viewv1.Customer)
	ok, err := rows.load(rowKey(account, id, kindCustomer), customer)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotFound
	}
	customer.AsOf = r.asOf
	if customer.Identities, customer.Conversations, err = r.whereabouts(account, id); err != nil {
		return nil, err
	}
	for _, linked := range customer.Linked {
		if linked.Identities, linked.Conversations, err = r.whereabouts(account, linked.CustomerId); err != nil {
			return nil, err
		}
	}
	return customer, nil
}

// whereabouts reads the identities and the conversations of a customer.
func (r *reader) whereabouts(account, id string) (identities []*viewv1.Identity, conversations []*viewv1.CustomerConversation, err error) {
	rows := r.rows[CustomerName]
	prefix := rowKey(account, id, kindCustomerIdentity)
	err = rows.scan(prefix, prefixEnd(prefix), false, func(_ []byte, load func(proto.Message) error) (bool, error) {
		identity := new(viewv1.Identity)
		if err := load(identity); err != nil {
			return false, err
		}
		identities = append(identities, identity)
		return true, r.open.identity(account, identity)
	})
	if err != nil {
		return nil, nil, err
	}
	prefix = rowKey(account, id, kindCustomerTalk)
	err = rows.scan(prefix, prefixEnd(prefix), false, func(_ []byte, load func(proto.Message) error) (bool, error) {
		conversation := new(viewv1.CustomerConversation)
		conversations = append(conversations, conversation)
		return true, load(conversation)
	})
	return identities, conversations, err
}

// identity reads one identity.
func (r *reader) identity(account, id string) (*viewv1.Identity, error) {
	rows := r.rows[CustomerName]
	owner, identity := new(viewv1.IdentityOwner), new(viewv1.Identity)
	ok, err := rows.load(rowKey(account, id, kindOwner), owner)
	if err == nil && ok {
		ok, err = rows.load(rowKey(account, owner.CustomerId, kindCustomerIdentity).text(id), identity)
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotFound
	}
	return identity, r.open.identity(account, identity)
}
