package api

import (
	"context"
	"errors"
	"sync"
	"time"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/channel"
)

// templatesFor is how long a list of templates is good.
const templatesFor = 5 * time.Minute

// ListTemplates returns the approved templates of an integration.
func (s *workspaceService) ListTemplates(ctx context.Context, req *workspacev1.ListTemplatesRequest) (*workspacev1.ListTemplatesResponse, error) {
	if err := known(req.GetIntegrationId()); err != nil {
		return nil, err
	}
	templates, err := s.templates.of(ctx, callingAgent(ctx).account, req.GetIntegrationId())
	if err != nil {
		return nil, err
	}
	return &workspacev1.ListTemplatesResponse{Templates: templates}, nil
}

// templateShelf holds the templates of integrations for a while, so that what an
// agent opens does not depend on the provider each time.
type templateShelf struct {
	now func() time.Time
	ask func(ctx context.Context, account, integrationID string) ([]channel.Template, error)

	mu   sync.Mutex
	held map[string]heldTemplates
}

type heldTemplates struct {
	until time.Time
	list  []*workspacev1.MessageTemplate
}

// of returns templates, which must not be changed. Only lists of integrations
// that are there are held.
func (s *templateShelf) of(ctx context.Context, account, integrationID string) ([]*workspacev1.MessageTemplate, error) {
	if s.ask == nil {
		return nil, nil
	}
	key := account + "/" + integrationID
	s.mu.Lock()
	held, ok := s.held[key]
	s.mu.Unlock()
	if ok && s.now().Before(held.until) {
		return held.list, nil
	}
	found, err := s.ask(ctx, account, integrationID)
	if err != nil {
		return nil, notListed(err)
	}
	held = heldTemplates{until: s.now().Add(templatesFor)}
	for _, t := range found {
		held.list = append(held.list, shownTemplate(t))
	}
	s.mu.Lock()
	s.held[key] = held
	s.mu.Unlock()
	return held.list, nil
}

// notListed returns what the caller is told of templates that did not come.
func notListed(err error) error {
	var e *channel.SendError
	switch {
	case errors.Is(err, channel.ErrNoIntegration):
		return errNotFound
	case !errors.As(err, &e):
		return err
	}
	f := &failure{
		reason: errorv1.Reason_REASON_CHANNEL_UNHEALTHY, message: "the provider does not list the templates",
		metadata: map[string]string{"provider": e.Detail.GetReason()},
	}
	switch {
	case e.Limited:
		f.reason = errorv1.Reason_REASON_RATE_LIMITED
	case e.Outcome == channel.NotSent:
		f.reason = errorv1.Reason_REASON_UNAVAILABLE
	}
	return f
}

func shownTemplate(t channel.Template) *workspacev1.MessageTemplate {
	shown := &workspacev1.MessageTemplate{Name: t.Name, Language: t.Language, Category: t.Category}
	for _, c := range t.Components {
		component := &workspacev1.MessageTemplateComponent{
			Type: c.Type, Format: c.Format, Text: c.Text, Parameters: int32(c.Parameters), ParameterNames: c.Names,
		}
		for _, b := range c.Buttons {
			component.Buttons = append(component.Buttons, &workspacev1.MessageTemplateButton{
				Type: b.Type, Text: b.Text, Url: b.URL, Parameters: int32(b.Parameters),
			})
		}
		shown.Components = append(shown.Components, component)
	}
	return shown
}
