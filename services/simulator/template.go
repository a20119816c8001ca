package simulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Template is a message template of a WhatsApp business account, in the shape
// of the provider's listing. ID is made up if empty, Status APPROVED, Category
// UTILITY, Language en.
type Template struct {
	WABA       string              `json:"waba"`
	ID         string              `json:"id"`
	Name       string              `json:"name"`
	Language   string              `json:"language"`
	Status     string              `json:"status"`
	Category   string              `json:"category"`
	Components []TemplateComponent `json:"components"`
}

// TemplateComponent is one part of a template: HEADER, BODY, FOOTER or BUTTONS.
type TemplateComponent struct {
	Type    string           `json:"type"`
	Format  string           `json:"format,omitempty"` // of a header: TEXT, IMAGE, VIDEO, DOCUMENT
	Text    string           `json:"text,omitempty"`   // with {{1}} or {{name}}
	Buttons []TemplateButton `json:"buttons,omitempty"`
}

// TemplateButton is a button of a template: QUICK_REPLY, URL or PHONE_NUMBER.
type TemplateButton struct {
	Type        string `json:"type"`
	Text        string `json:"text"`
	URL         string `json:"url,omitempty"`
	PhoneNumber string `json:"phone_number,omitempty"`
}

// templateSend is the template of a send with its parameters.
type templateSend struct {
	Name     string `json:"name"`
	Language *struct {
		Code string `json:"code"`
	} `json:"language"`
	Components []templateFill `json:"components"`
}

type templateFill struct {
	Type       string              `json:"type"`
	SubType    string              `json:"sub_type"`
	Index      wireID              `json:"index"`
	Parameters []templateParameter `json:"parameters"`
}

type templateParameter struct {
	Type     string `json:"type"`
	Name     string `json:"parameter_name"`
	Text     string `json:"text"`
	Payload  string `json:"payload"`
	Currency *struct {
		Fallback string `json:"fallback_value"`
	} `json:"currency"`
	DateTime *struct {
		Fallback string `json:"fallback_value"`
	} `json:"date_time"`
	headerMedia
}

func (p templateParameter) text() string {
	switch {
	case p.Currency != nil:
		return p.Currency.Fallback
	case p.DateTime != nil:
		return p.DateTime.Fallback
	}
	return p.Text
}

var placeholder = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// filled is what the phone shows of a template.
type filled struct {
	text    string
	buttons []Button
	price   string
}

// approved finds the template of a send and fills it in; nil if the send has
// none. s.mu is held.
func (s *Simulator) approved(in *integration, send *templateSend) (*filled, *GraphError) {
	if send == nil {
		return nil, nil
	}
	i := slices.IndexFunc(s.config.Templates, func(t Template) bool {
		return t.WABA == in.entry && t.Name == send.Name && t.Language == send.Language.Code
	})
	if i < 0 {
		return nil, whatsAppGraphError(132001, fmt.Sprintf("template name (%s) does not exist in %s", send.Name, send.Language.Code))
	}
	t := s.config.Templates[i]
	switch t.Status {
	case "APPROVED":
	case "PAUSED":
		return nil, whatsAppGraphError(132015, fmt.Sprintf("template %s is paused", t.Name))
	case "DISABLED":
		return nil, whatsAppGraphError(132016, fmt.Sprintf("template %s is disabled", t.Name))
	default:
		return nil, whatsAppGraphError(132001, fmt.Sprintf("template name (%s) is %s in %s", t.Name, strings.ToLower(t.Status), t.Language))
	}
	out := &filled{price: strings.ToLower(t.Category)}
	var lines []string
	for _, c := range t.Components {
		parameters := send.parameters(c.Type)
		if c.Type == "HEADER" && c.Format != "" && c.Format != "TEXT" {
			if len(parameters) != 1 || !strings.EqualFold(parameters[0].Type, c.Format) {
				return nil, whatsAppGraphError(132012, fmt.Sprintf("header: Format mismatch, expected %s", c.Format))
			}
			continue
		}
		if c.Type == "BUTTONS" {
			out.buttons = c.tappable(send)
			continue
		}
		text, e := c.fill(parameters)
		if e != nil {
			return nil, e
		}
		lines = append(lines, text)
	}
	out.text = strings.Join(lines, "\n")
	return out, nil
}

func (t *templateSend) parameters(kind string) []templateParameter {
	for _, c := range t.Components {
		if strings.EqualFold(c.Type, kind) {
			return c.Parameters
		}
	}
	return nil
}

// fill puts parameters, by name or in their order, into the text.
func (c TemplateComponent) fill(parameters []templateParameter) (string, *GraphError) {
	names := []string{}
	for _, match := range placeholder.FindAllStringSubmatch(c.Text, -1) {
		if !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	if len(names) != len(parameters) {
		return "", whatsAppGraphError(132000, fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)",
			strings.ToLower(c.Type), len(parameters), len(names)))
	}
	values := map[string]string{}
	for i, p := range parameters {
		name := p.Name
		if name == "" {
			name = names[i]
		}
		if !slices.Contains(names, name) || p.text() == "" {
			return "", whatsAppGraphError(132000, fmt.Sprintf("%s: parameter %q is none of the template or has no text", strings.ToLower(c.Type), name))
		}
		values[name] = p.text()
	}
	return placeholder.ReplaceAllStringFunc(c.Text, func(found string) string {
		return values[placeholder.FindStringSubmatch(found)[1]]
	}), nil
}

// tappable returns the buttons, with the payloads that the send gives them.
func (c TemplateComponent) tappable(send *templateSend) []Button {
	var out []Button
	for i, b := range c.Buttons {
		shown := Button{ID: b.Text, Title: b.Text, Kind: ButtonURL, URL: b.URL}
		if b.Type == "QUICK_REPLY" {
			shown.Kind = ButtonTemplate
		}
		for _, fill := range send.Components {
			if !strings.EqualFold(fill.Type, "button") || string(fill.Index) != strconv.Itoa(i) || len(fill.Parameters) == 0 {
				continue
			}
			p := fill.Parameters[0]
			if p.Payload != "" {
				shown.ID = p.Payload
			}
			shown.URL = placeholder.ReplaceAllLiteralString(shown.URL, p.Text)
		}
		out = append(out, shown)
	}
	return out
}

// messageTemplates answers GET {waba}/message_templates by pages. s.mu is held.
func (s *Simulator) messageTemplates(c *call, waba string) reply {
	if c.method != http.MethodGet {
		return refuse(unsupported(c.method, waba))
	}
	var all []Template
	for _, t := range s.config.Templates {
		if t.WABA == waba && wantedBy(c, "status", t.Status) && wantedBy(c, "language", t.Language) &&
			wantedBy(c, "category", t.Category) && wantedBy(c, "name", t.Name) {
			all = append(all, t)
		}
	}
	limit, _ := strconv.Atoi(c.param("limit"))
	if limit < 1 {
		limit = 25
	}
	from := 0
	if after := c.param("after"); after != "" {
		raw, _ := base64.StdEncoding.DecodeString(after)
		n, err := strconv.Atoi(string(raw))
		if err != nil || n < 0 {
			return refuse(graphError(100, 0, "(#100) Invalid cursor"))
		}
		from = min(n, len(all))
	}
	page := all[from:min(from+limit, len(all))]
	data := []any{}
	for _, t := range page {
		data = append(data, pick(c, map[string]any{
			"id": t.ID, "name": t.Name, "language": t.Language, "status": t.Status, "category": t.Category,
			"components": t.Components, "parameter_format": t.format(),
		}))
	}
	out := map[string]any{"data": data}
	if len(page) > 0 {
		cursor := func(n int) string { return base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(n))) }
		paging := map[string]any{"cursors": map[string]string{"before": cursor(from), "after": cursor(from + len(page))}}
		if from+len(page) < len(all) {
			next := *c.request.URL
			query := next.Query()
			query.Set("after", cursor(from+len(page)))
			query.Set("limit", strconv.Itoa(limit))
			next.RawQuery = query.Encode()
			paging["next"] = s.base() + next.String()
		}
		out["paging"] = paging
	}
	return reply{status: http.StatusOK, body: out}
}

func wantedBy(c *call, name, value string) bool {
	wanted := c.param(name)
	return wanted == "" || strings.EqualFold(wanted, value)
}

// format is POSITIONAL or, with names for its parameters, NAMED.
func (t Template) format() string {
	for _, c := range t.Components {
		for _, match := range placeholder.FindAllStringSubmatch(c.Text, -1) {
			if onlyDigits(match[1]) != match[1] {
				return "NAMED"
			}
		}
	}
	return "POSITIONAL"
}
