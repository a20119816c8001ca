package simulator

import (
	"fmt"
	"slices"
	"strings"
)

// attachment is what a page or an Instagram account sends besides text.
type attachment struct {
	Type    string          `json:"type"`
	Payload templatePayload `json:"payload"`
}

// templatePayload is a button or generic template, or a medium.
type templatePayload struct {
	URL          string           `json:"url"`
	AttachmentID wireID           `json:"attachment_id"`
	Reusable     bool             `json:"is_reusable"`
	ID           wireID           `json:"id"` // of the business's own post, for MEDIA_SHARE
	TemplateType string           `json:"template_type"`
	Text         string           `json:"text"`
	Buttons      []templateButton `json:"buttons"`
	Elements     []struct {
		Title   string           `json:"title"`
		Buttons []templateButton `json:"buttons"`
	} `json:"elements"`
}

type templateButton struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Payload string `json:"payload"`
	URL     string `json:"url"`
}

// wireID is an id that clients write as a string or as a number.
type wireID string

// UnmarshalJSON takes either form.
func (w *wireID) UnmarshalJSON(raw []byte) error {
	*w = wireID(strings.Trim(string(raw), `"`))
	if *w == "null" {
		*w = ""
	}
	return nil
}

var attachmentTypes = []string{"image", "audio", "video", "file", "template", "like_heart", "MEDIA_SHARE"}

func (a *attachment) check() *GraphError {
	param := func(format string, args ...any) *GraphError {
		return graphError(100, 0, "(#100) "+fmt.Sprintf(format, args...))
	}
	p := a.Payload
	switch {
	case !slices.Contains(attachmentTypes, a.Type):
		return param("Param message[attachment][type] must be one of {%s} - got %q.", strings.Join(attachmentTypes, ", "), a.Type)
	case a.Type != "template":
		return nil
	case p.TemplateType == "button":
		if !within(p.Text, 1, 640) {
			return param("A button template needs a text of at most 640 characters.")
		}
		return checkTemplateButtons(p.Buttons, 1)
	case p.TemplateType == "generic":
		if len(p.Elements) < 1 || len(p.Elements) > 10 {
			return param("A generic template needs 1 to 10 elements.")
		}
		for _, element := range p.Elements {
			if !within(element.Title, 1, 80) {
				return param("An element needs a title of at most 80 characters.")
			}
			if e := checkTemplateButtons(element.Buttons, 0); e != nil {
				return e
			}
		}
	}
	return nil
}

func checkTemplateButtons(buttons []templateButton, least int) *GraphError {
	bad := func(message string) *GraphError { return graphError(100, 0, "(#100) "+message) }
	if len(buttons) < least || len(buttons) > 3 {
		return bad(fmt.Sprintf("Param buttons must have %d to 3 elements.", least))
	}
	for _, b := range buttons {
		switch {
		case !within(b.Title, 1, 20):
			return bad("A button needs a title of at most 20 characters.")
		case b.Type == "postback" && !within(b.Payload, 1, 1000):
			return bad("A postback button needs a payload of at most 1000 characters.")
		case b.Type == "web_url" && b.URL == "":
			return bad("A web_url button needs a url.")
		}
	}
	return nil
}

func (p *templatePayload) text() string {
	if p.Text != "" || len(p.Elements) == 0 {
		return p.Text
	}
	var titles []string
	for _, e := range p.Elements {
		titles = append(titles, e.Title)
	}
	return strings.Join(titles, "\n")
}

func (p *templatePayload) buttons() []Button {
	all := p.Buttons
	for _, e := range p.Elements {
		all = append(all, e.Buttons...)
	}
	var out []Button
	for _, b := range all {
		kind := ButtonPostback
		if b.Type != "postback" {
			kind = ButtonURL
		}
		out = append(out, Button{ID: b.Payload, Title: b.Title, Kind: kind, URL: b.URL})
	}
	return out
}
