package instagram

import (
	"context"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

var _ channel.Profiler = (*Sender)(nil)

// Profile asks for the customer's name and user name.
func (s *Sender) Profile(ctx context.Context, i channel.Integration, customer []*eventv1.Alias) (*eventv1.Profile, error) {
	p := meta.Person{Channel: Channel, Graph: s.page, Alias: "igsid", Fields: []string{"name", "username"}, Token: i.Token}
	if i.Page == "" {
		p.Graph = s.login
	}
	return p.Profile(ctx, customer)
}
