package query

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	queryv1 "weiche/proto/gen/weiche/query/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

// methodTemplates is the one question that senders answer: they have the tokens.
const methodTemplates = "templates"

// Templates asks the provider of an integration for its approved templates. The error
// is channel.ErrNoIntegration or a *channel.SendError where that is the answer.
type Templates func(ctx context.Context, account, integrationID string) ([]channel.Template, error)

// Run answers the API's questions over a broker until ctx ends, and returns nil then.
func (t Templates) Run(ctx context.Context, b *broker.Broker) error {
	return b.Answer(ctx, broker.Answers{
		Name: "weiche-egress", Methods: map[broker.Role][]string{broker.RoleAPI: {methodTemplates}}, Answer: t.answer,
	})
}

func (t Templates) answer(ctx context.Context, q broker.Question) ([]byte, broker.Place, error) {
	request := &queryv1.GetTemplatesRequest{}
	if err := proto.Unmarshal(q.Data, request); err != nil {
		return nil, broker.Place{}, coded(errQuestion)
	}
	found, err := t(ctx, q.Account, request.GetIntegrationId())
	answer := &queryv1.GetTemplatesResponse{}
	var failed *channel.SendError
	switch {
	case errors.Is(err, channel.ErrNoIntegration):
		answer.NoIntegration = true
	case errors.As(err, &failed):
		answer.Error, answer.Outcome, answer.Limited = failed.Detail, uint32(failed.Outcome), failed.Limited
	case err != nil:
		return nil, broker.Place{}, coded(err)
	}
	for _, template := range found {
		answer.Templates = append(answer.Templates, said(template))
	}
	data, err := proto.Marshal(answer)
	return data, broker.Place{}, err
}

// Templates asks the senders for the templates of an integration.
func (c *Client) Templates(ctx context.Context, account, integrationID string) ([]channel.Template, error) {
	answer, err := ask[queryv1.GetTemplatesResponse](ctx, c, account, methodTemplates, &queryv1.GetTemplatesRequest{IntegrationId: integrationID})
	switch {
	case err != nil:
		return nil, err
	case answer.GetNoIntegration():
		return nil, channel.ErrNoIntegration
	case answer.GetError() != nil:
		return nil, &channel.SendError{
			Outcome: channel.Outcome(answer.GetOutcome()), Detail: answer.GetError(), Limited: answer.GetLimited(),
		}
	}
	var templates []channel.Template
	for _, template := range answer.GetTemplates() {
		templates = append(templates, heard(template))
	}
	return templates, nil
}

// said is a template on its way, and heard what it was.
func said(t channel.Template) *workspacev1.MessageTemplate {
	said := &workspacev1.MessageTemplate{Name: t.Name, Language: t.Language, Category: t.Category}
	for _, c := range t.Components {
		component := &workspacev1.MessageTemplateComponent{
			Type: c.Type, Format: c.Format, Text: c.Text, Parameters: int32(c.Parameters), ParameterNames: c.Names,
		}
		for _, b := range c.Buttons {
			component.Buttons = append(component.Buttons, &workspacev1.MessageTemplateButton{
				Type: b.Type, Text: b.Text, Url: b.URL, Parameters: int32(b.Parameters),
			})
		}
		said.Components = append(said.Components, component)
	}
	return said
}

func heard(t *workspacev1.MessageTemplate) channel.Template {
	heard := channel.Template{Name: t.GetName(), Language: t.GetLanguage(), Category: t.GetCategory()}
	for _, c := range t.GetComponents() {
		component := channel.TemplateComponent{
			Type: c.GetType(), Format: c.GetFormat(), Text: c.GetText(), Parameters: int(c.GetParameters()), Names: c.GetParameterNames(),
		}
		for _, b := range c.GetButtons() {
			component.Buttons = append(component.Buttons, channel.TemplateButton{
				Type: b.GetType(), Text: b.GetText(), URL: b.GetUrl(), Parameters: int(b.GetParameters()),
			})
		}
		heard.Components = append(heard.Components, component)
	}
	return heard
}
