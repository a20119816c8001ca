package whatsapp

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"weiche/services/channel"
	"weiche/services/meta"
)

const (
	// templatePage is how many templates are asked for at once, and maxPages how
	// often.
	templatePage = "100"
	maxPages     = 50
)

// Templates returns the approved templates of the integration's business account.
// It asks for all of them at each call.
func (s *Sender) Templates(ctx context.Context, integration channel.Integration) ([]channel.Template, error) {
	if integration.BusinessAccount == "" {
		return nil, meta.Refuse("no_business_account")
	}
	query := url.Values{
		"status": {"APPROVED"}, "limit": {templatePage},
		"fields": {"name,language,status,category,components"},
	}
	var all []channel.Template
	for range maxPages {
		answer, err := s.graph.Ask(ctx, meta.Request{
			Channel: Channel, Method: "GET", Account: integration.BusinessAccount, Edge: "message_templates",
			Query: query, Token: integration.Token, Attempt: 1,
		})
		if err != nil {
			return nil, err
		}
		for _, v := range answer.Get("data").Array() {
			o := v.Object()
			// The filter is the provider's word alone.
			if o.Text("status") == "APPROVED" && o.Text("name") != "" {
				all = append(all, readTemplate(o))
			}
		}
		paging := answer.Object("paging")
		after := paging.Object("cursors").Text("after")
		if paging.Text("next") == "" || after == "" || after == query.Get("after") {
			break
		}
		query.Set("after", after)
	}
	return all, nil
}

func readTemplate(o meta.Object) channel.Template {
	t := channel.Template{Name: o.Text("name"), Language: o.Text("language"), Category: o.Text("category")}
	for _, v := range o.Get("components").Array() {
		t.Components = append(t.Components, readComponent(v.Object()))
	}
	return t
}

func readComponent(o meta.Object) channel.TemplateComponent {
	c := channel.TemplateComponent{
		Type: strings.ToUpper(o.Text("type")), Format: strings.ToUpper(o.Text("format")), Text: o.Text("text"),
	}
	names := holes(c.Text)
	c.Parameters = len(names)
	if len(names) > 0 && strings.Trim(names[0], "0123456789") != "" {
		c.Names = names
	}
	if c.Type == "HEADER" && c.Format != "" && c.Format != "TEXT" {
		c.Parameters = 1
	}
	for _, v := range o.Get("buttons").Array() {
		b := v.Object()
		button := channel.TemplateButton{Type: strings.ToUpper(b.Text("type")), Text: b.Text("text"), URL: b.Text("url")}
		button.Parameters = len(holes(button.URL))
		if button.Type == "COPY_CODE" {
			button.Parameters = 1
		}
		c.Buttons = append(c.Buttons, button)
	}
	return c
}

var hole = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// holes returns the names or numbers of the parameters of a text, each once.
func holes(text string) []string {
	var names []string
	for _, found := range hole.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}
