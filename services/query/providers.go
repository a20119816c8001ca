package query

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

// Providers answers what the API asks of the providers: where the senders are, which
// have the tokens, and by a *Client elsewhere.
type Providers interface {
	// Templates returns the approved templates of an integration. The error is
	// channel.ErrNoIntegration or a *channel.SendError where that is the answer.
	Templates(ctx context.Context, account, integrationID string) ([]channel.Template, error)
	// Check asks whether the provider would serve an integration; without a token,
	// with the one that is set up. The error is a *channel.SendError where it would
	// not.
	Check(ctx context.Context, integration channel.Integration) error
}

var _ Providers = (*Client)(nil)

// providersWithin is how long a provider may take.
const providersWithin = 20 * time.Second

// The questions that senders answer.
const (
	methodTemplates = "templates"
	methodCheck     = "check-integration"
)

// AnswerProviders answers the API's questions over a broker until ctx ends, and
// returns nil then.
func AnswerProviders(ctx context.Context, b *broker.Broker, providers Providers) error {
	return b.Answer(ctx, broker.Answers{
		Name: "weiche-egress", Within: providersWithin, Methods: map[broker.Role][]string{broker.RoleAPI: {methodTemplates, methodCheck}},
		Answer: func(ctx context.Context, q broker.Question) ([]byte, broker.Place, error) {
			answer, err := answerOf(ctx, providers, q)
			if err != nil {
				return nil, broker.Place{}, coded(err)
			}
			data, err := proto.Marshal(answer)
			return data, broker.Place{}, err
		},
	})
}

func answerOf(ctx context.Context, providers Providers, q broker.Question) (proto.Message, error) {
	if q.Method == methodCheck {
		request := &queryv1.CheckIntegrationRequest{}
		if err := proto.Unmarshal(q.Data, request); err != nil {
			return nil, errQuestion
		}
		i := request.GetIntegration()
		failed, err := providerError(providers.Check(ctx, channel.Integration{
			Account: q.Account, ID: i.GetIntegrationId(), Channel: i.GetChannel(), App: i.GetAppId(),
			ProviderAccount: i.GetProviderAccountId(), Page: i.GetPageId(), BusinessAccount: i.GetBusinessAccountId(),
			Token: channel.Secret(request.GetAccessToken()),
		}))
		return &queryv1.CheckIntegrationResponse{Error: failed}, err
	}
	request := &queryv1.GetTemplatesRequest{}
	if err := proto.Unmarshal(q.Data, request); err != nil {
		return nil, errQuestion
	}
	found, err := providers.Templates(ctx, q.Account, request.GetIntegrationId())
	if errors.Is(err, channel.ErrNoIntegration) {
		return &queryv1.GetTemplatesResponse{NoIntegration: true}, nil
	}
	answer := &queryv1.GetTemplatesResponse{}
	answer.Error, err = providerError(err)
	for _, t := range found {
		answer.Templates = append(answer.Templates, onItsWay(t))
	}
	return answer, err
}

// providerError is what a provider said; any other error stays one.
func providerError(err error) (*queryv1.ProviderError, error) {
	var failed *channel.SendError
	if !errors.As(err, &failed) {
		return nil, err
	}
	return &queryv1.ProviderError{Detail: failed.Detail, Outcome: uint32(failed.Outcome), Limited: failed.Limited}, nil
}

// sendError is what it said, as an error again.
func sendError(failed *queryv1.ProviderError) error {
	if failed == nil {
		return nil
	}
	return &channel.SendError{
		Outcome: channel.Outcome(failed.GetOutcome()), Detail: failed.GetDetail(), Limited: failed.GetLimited(),
	}
}

// Templates asks the senders for the templates of an integration.
func (c *Client) Templates(ctx context.Context, account, integrationID string) ([]channel.Template, error) {
	answer, err := ask[queryv1.GetTemplatesResponse](ctx, c, account, methodTemplates, &queryv1.GetTemplatesRequest{IntegrationId: integrationID})
	if err != nil {
		return nil, err
	}
	if answer.GetNoIntegration() {
		return nil, channel.ErrNoIntegration
	}
	var templates []channel.Template
	for _, t := range answer.GetTemplates() {
		templates = append(templates, template(t))
	}
	return templates, sendError(answer.GetError())
}

// Check asks the senders to ask the provider of an integration.
func (c *Client) Check(ctx context.Context, integration channel.Integration) error {
	answer, err := ask[queryv1.CheckIntegrationResponse](ctx, c, integration.Account, methodCheck, &queryv1.CheckIntegrationRequest{
		Integration: &eventv1.IntegrationConnected{
			IntegrationId: integration.ID, Channel: integration.Channel, AppId: integration.App,
			ProviderAccountId: integration.ProviderAccount, PageId: integration.Page, BusinessAccountId: integration.BusinessAccount,
		},
		AccessToken: integration.Token.Reveal(),
	})
	if err != nil {
		return err
	}
	return sendError(answer.GetError())
}
