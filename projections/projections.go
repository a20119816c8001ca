// Package projections turns the log into what people look at: the timeline of a
// conversation, the view of one of its channels, its route, the customer card, and
// the inbox.
//
// A [Projection] is a pure fold over the records of the log. It reads no clock,
// does no I/O and opens no sealed part, so that folding the log again gives the
// same rows byte for byte, also after keys were destroyed. [Views] keeps the rows
// of all projections in a folder by Pebble, follows the log, and rebuilds; a
// reader is given rows whose sealed parts are opened for it with an [Opener].
package projections

import (
	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
)

// Names of the projections.
const (
	TimelineName    = "timeline"
	ChannelViewName = "channelview"
	RouteName       = "route"
	CustomerName    = "customer"
	InboxName       = "inbox"
)

// Projection is one fold with a name.
type Projection struct {
	Name string
	// Revision is raised when the same log has to give other rows: also when
	// events of a type or version are shown that were unknown before. Rows of
	// another revision are rebuilt.
	Revision uint32
	// Apply changes rows by one record, whose facts are event. What it keeps of
	// the two it never changes. An event that is of no use to it, or that does
	// not fit what came before, changes nothing.
	Apply func(rows Rows, rec *eventstore.Record, event proto.Message)
}

// All returns the projections. None of them reads the rows of another.
func All() []Projection {
	return []Projection{
		{Name: TimelineName, Revision: 6, Apply: erasing(applyTimeline, eraseTimeline)},
		{Name: ChannelViewName, Revision: 1, Apply: erasing(applyChannelView, eraseChannelView)},
		{Name: RouteName, Revision: 3, Apply: erasing(applyRoute, eraseRoute)},
		{Name: CustomerName, Revision: 2, Apply: erasing(applyCustomer, eraseCustomer)},
		{Name: InboxName, Revision: 1, Apply: erasing(applyInbox, eraseInbox)},
	}
}

// Rows are the rows of one projection, for one fold to change. A row that
// cannot be read reads as absent; whoever runs the fold then throws away all
// that was folded since it last kept the rows.
type Rows interface {
	// Get returns the row at a key, nil if there is none. It is of the type that
	// empty returns, and may be changed if it is then put.
	Get(key []byte, empty func() proto.Message) proto.Message
	// Put keeps a row, which is the rows' own from then on.
	Put(key []byte, row proto.Message)
	// Delete removes a row, if it is there.
	Delete(key []byte)
	// DeleteAll removes all rows whose keys begin with a prefix.
	DeleteAll(prefix []byte)
	// Forget says that the row at a key held something that is redacted, or may be
	// later, and does no longer: it has to leave the disk for good, at the next
	// [Views.Purge].
	Forget(key []byte)
}

// message is a pointer to a generated message.
type message[T any] interface {
	*T
	proto.Message
}

// get returns the row at a key, nil if there is none.
func get[T any, M message[T]](rows Rows, key []byte) M {
	row, _ := rows.Get(key, empty[T, M]).(M)
	return row
}

// getOrNew returns the row at a key, an empty one if there is none.
func getOrNew[T any, M message[T]](rows Rows, key []byte) M {
	if row := get[T, M](rows, key); row != nil {
		return row
	}
	return M(new(T))
}

func empty[T any, M message[T]]() proto.Message { return M(new(T)) }
