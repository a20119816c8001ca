package channel

import "context"

// Keeper is what a Sender also is whose provider can be asked about an integration.
type Keeper interface {
	// Probe asks the provider for the integration by its own token. A nil error
	// means that it is served, a *SendError with the outcome Unhealthy that it is
	// not; any other says nothing of it.
	Probe(ctx context.Context, integration Integration) error
	// Check asks the provider whether it would serve an integration as it is set up:
	// whether the token is good, leads to this account and may do what is needed.
	// Nothing changes. A nil error means yes; any other is a *SendError.
	Check(ctx context.Context, integration Integration) error
	// Subscribe sees to it that the provider posts what happens at the integration
	// to an app, by the provider's id of the app. Renewed says that it did not, or
	// not all of it. The error is a *SendError.
	Subscribe(ctx context.Context, integration Integration, providerApp string) (renewed bool, err error)
}
