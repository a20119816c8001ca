package channel

import (
	"context"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Profiler is what a Sender also is whose provider can be asked who a customer is.
type Profiler interface {
	// Profile asks the provider for what it shows of a customer, by their addresses.
	// It is nil where the provider tells nothing, or says that it will not: that is
	// the customer's choice. An error is a *SendError, and it may be asked again.
	Profile(ctx context.Context, integration Integration, customer []*eventv1.Alias) (*eventv1.Profile, error)
}
