package whatsapp

import (
	"encoding/json"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/capability"
	"weiche/services/meta"
)

const (
	// rowTitle is how long the title of a row of a list may be, in characters.
	rowTitle = 24
	// listLabel is written on the button that opens a list. It is understood in
	// most languages.
	listLabel = "Menu"
)

// written returns the type of a message and the object that says what is in it.
func written(part *eventv1.Part) (string, any, error) {
	switch kind := part.GetKind().(type) {
	case *eventv1.Part_Text:
		return textObject(kind.Text.GetBody(), false)
	case *eventv1.Part_Buttons:
		return interactive(kind.Buttons)
	case *eventv1.Part_Location:
		return "location", location(kind.Location), nil
	case *eventv1.Part_Contacts:
		return contacts(kind.Contacts)
	case *eventv1.Part_Template:
		return template(kind.Template)
	case *eventv1.Part_Reacted:
		if kind.Reacted.GetProviderMessageId() == "" {
			return "", nil, meta.Refuse("no_such_message")
		}
		return "reaction", map[string]any{"message_id": kind.Reacted.GetProviderMessageId(), "emoji": kind.Reacted.GetEmoji()}, nil
	}
	return "", nil, meta.Refuse("unsupported_content")
}

func textObject(text string, preview bool) (string, any, error) {
	if err := meta.CheckText(text, capability.Of(Channel).Text); err != nil {
		return "", nil, err
	}
	return "text", map[string]any{"preview_url": preview, "body": text}, nil
}

func location(l *eventv1.Location) map[string]any {
	object := map[string]any{"latitude": l.GetLatitude(), "longitude": l.GetLongitude()}
	for key, value := range map[string]string{"name": l.GetName(), "address": l.GetAddress()} {
		if value != "" {
			object[key] = value
		}
	}
	return object
}

func contacts(cards *eventv1.ContactCards) (string, any, error) {
	var all []map[string]any
	for _, c := range cards.GetCards() {
		name := c.GetName()
		for _, other := range append([]string{c.GetOrganisation()}, append(c.GetPhones(), c.GetEmails()...)...) {
			if name == "" {
				name = other
			}
		}
		if name == "" {
			return "", nil, meta.Refuse("invalid")
		}
		// One more name has to be there beside the one that is shown.
		card := map[string]any{"name": map[string]any{"formatted_name": name, "first_name": name}}
		if org := c.GetOrganisation(); org != "" {
			card["org"] = map[string]any{"company": org}
		}
		var phones, emails []map[string]any
		for _, p := range c.GetPhones() {
			phones = append(phones, map[string]any{"phone": p})
		}
		for _, e := range c.GetEmails() {
			emails = append(emails, map[string]any{"email": e})
		}
		if len(phones) > 0 {
			card["phones"] = phones
		}
		if len(emails) > 0 {
			card["emails"] = emails
		}
		all = append(all, card)
	}
	if len(all) == 0 {
		return "", nil, meta.Refuse("empty")
	}
	return "contacts", all, nil
}

// template returns a template with its values, which are the provider's JSON and
// have to be an array.
func template(t *eventv1.Template) (string, any, error) {
	if t.GetName() == "" || t.GetLanguage() == "" {
		return "", nil, meta.Refuse("invalid")
	}
	object := map[string]any{"name": t.GetName(), "language": map[string]any{"code": t.GetLanguage()}}
	if components := strings.TrimSpace(t.GetComponentsJson()); components != "" {
		if !json.Valid([]byte(components)) || components[0] != '[' {
			return "", nil, meta.Refuse("invalid")
		}
		object["components"] = json.RawMessage(components)
	}
	return "template", object, nil
}

// interactive returns a question with buttons, or with a list of them where they
// are many.
func interactive(b *eventv1.Buttons) (string, any, error) {
	c := capability.Of(Channel)
	if err := meta.CheckText(b.GetBody(), c.Question); err != nil {
		return "", nil, err
	}
	object := map[string]any{"type": "button", "body": map[string]any{"text": b.GetBody()}}
	if len(b.GetButtons()) > c.Buttons {
		rows, err := rows(b, c)
		if err != nil {
			return "", nil, err
		}
		object["type"] = "list"
		object["action"] = map[string]any{"button": listLabel, "sections": []any{map[string]any{"rows": rows}}}
		return "interactive", object, nil
	}
	choices, err := meta.Choices(b, c.Buttons, c.Title, c.Payload)
	if err != nil {
		return "", nil, err
	}
	var buttons []map[string]any
	for _, choice := range choices {
		buttons = append(buttons, map[string]any{
			"type": "reply", "reply": map[string]any{"id": choice.GetPayload(), "title": choice.GetTitle()},
		})
	}
	object["action"] = map[string]any{"buttons": buttons}
	return "interactive", object, nil
}

// rows returns the rows of a list. A title that is too long for one stands whole
// in the line below it.
func rows(b *eventv1.Buttons, c capability.Channel) ([]map[string]any, error) {
	choices, err := meta.Choices(b, c.List, c.Row, c.RowPayload)
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, choice := range choices {
		row := map[string]any{"id": choice.GetPayload(), "title": choice.GetTitle()}
		if short := strings.TrimSpace(capability.Cut(choice.GetTitle(), rowTitle)); short != choice.GetTitle() {
			row["title"], row["description"] = short, choice.GetTitle()
		}
		all = append(all, row)
	}
	return all, nil
}
