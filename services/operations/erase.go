package operations

import (
	"context"
	"errors"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
	"weiche/services/router"
)

// EraseCustomer erases a customer and everybody whom an identity of theirs ever
// belonged to. When it returns, the keys of their content are destroyed and the
// views show it. It may be called again after any error: an erasure that has
// begun is carried out in any case, at the next start at the latest. So are the
// files removed, whose keys are destroyed when it returns.
func (o *Operations) EraseCustomer(ctx context.Context, request *adminv1.EraseCustomerRequest) (*adminv1.EraseCustomerResponse, error) {
	account, err := o.account(ctx, request.GetAccountId())
	if err != nil {
		return nil, err
	}
	engine := router.NewEngine(router.EngineConfig{Store: o.Store, Keys: o.Keys, Now: o.Now, Logger: o.Logger})
	decision, err := engine.Erasure(ctx, account, request.GetCustomerId())
	var refusal *conversation.Refusal
	if errors.As(err, &refusal) {
		return nil, fail(errorv1.Reason_REASON_NOT_FOUND, "%w", refusal)
	}
	if err != nil {
		return nil, err
	}
	response := goes(decision)
	if request.GetDryRun() {
		return response, nil
	}
	if len(decision.Events) > 0 {
		if response.Position, err = o.publishErasure(ctx, account, request.GetCustomerId()); err != nil {
			return nil, err
		}
	}
	if err := router.DestroyErased(ctx, o.Store, o.Keys); err != nil {
		return nil, err
	}
	if o.Media != nil {
		for _, customer := range response.GetCustomerIds() {
			if err := o.Media.RemoveCustomer(ctx, account, customer); err != nil {
				// Nobody can read them any more, and MediaKeeping removes them.
				o.Logger.Warn("the files of an erased customer are still there", "account", account, "customer", customer, "error", err)
			}
		}
	}
	return response, o.Views.WaitFor(ctx, response.GetPosition())
}

// account returns the account that is named, or the only one.
func (o *Operations) account(ctx context.Context, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	accounts, err := router.Accounts(ctx, o.Store)
	if err != nil {
		return "", err
	}
	if len(accounts) != 1 {
		return "", fail(errorv1.Reason_REASON_INVALID, "there are %d accounts; name one", len(accounts))
	}
	return accounts[0], nil
}

// goes says what goes with an erasure.
func goes(decision conversation.Decision) *adminv1.EraseCustomerResponse {
	response := &adminv1.EraseCustomerResponse{}
	for _, event := range decision.Events {
		switch body := event.Body.(type) {
		case *eventv1.CustomerErased:
			response.CustomerIds = append(response.CustomerIds, body.GetCustomerId())
			response.Keys++ // every customer has one
		case *eventv1.IdentityErased:
			response.Identities++
		case *eventv1.ConversationErased:
			response.Conversations++
		}
	}
	return response
}

// publishErasure has the router decide the erasure, and returns its position.
func (o *Operations) publishErasure(ctx context.Context, account, customer string) (uint64, error) {
	item, err := o.say(ctx, account, &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		AgentId: operator, Command: &ingressv1.AgentCommand_EraseCustomer{
			EraseCustomer: &ingressv1.EraseCustomer{CustomerId: customer},
		},
	}}})
	if err != nil {
		return 0, err
	}
	switch item.GetStatus() {
	case ingressv1.ItemStatus_ITEM_STATUS_COMMITTED:
		return item.GetPosition(), nil
	case ingressv1.ItemStatus_ITEM_STATUS_NOTHING: // somebody else has erased them meanwhile
		return 0, nil
	}
	return 0, fail(errorv1.Reason_REASON_INTERNAL, "the router has refused the erasure: %s", item.GetDetail())
}
