package messenger

import (
	"context"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

var _ channel.Profiler = (*Sender)(nil)

// Profile asks for the customer's name.
func (s *Sender) Profile(ctx context.Context, i channel.Integration, customer []*eventv1.Alias) (*eventv1.Profile, error) {
	return meta.Person{
		Channel: Channel, Graph: s.graph, Alias: "psid", Fields: []string{"first_name", "last_name"}, Token: i.Token,
	}.Profile(ctx, customer)
}
