package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

var whatsAppTypes = []string{
	"audio", "contacts", "document", "image", "interactive", "location", "reaction", "sticker", "template", "text", "video",
}

const (
	maxText   = 4096
	maxOpaque = 512
)

// placeSend is a location in the body of a WhatsApp send. Clients write the
// degrees as numbers or as strings.
type placeSend struct {
	Latitude  json.Number `json:"latitude"`
	Longitude json.Number `json:"longitude"`
	Name      string      `json:"name"`
	Address   string      `json:"address"`
}

func (p *placeSend) check() *GraphError {
	for name, v := range map[string]struct {
		degrees json.Number
		most    float64
	}{"latitude": {p.Latitude, 90}, "longitude": {p.Longitude, 180}} {
		degrees, err := v.degrees.Float64()
		if err != nil || degrees < -v.most || degrees > v.most {
			return whatsAppGraphError(131009, fmt.Sprintf("Param location['%s'] is not valid - got %q.", name, v.degrees))
		}
	}
	return nil
}

func (q *whatsAppSend) check(c *call) *GraphError {
	param := func(format string, args ...any) *GraphError {
		return whatsAppGraphError(100, fmt.Sprintf(format, args...))
	}
	if q.Type == "" {
		q.Type = "text"
	}
	switch {
	case q.RecipientType != "" && q.RecipientType != "individual":
		return param("Param recipient_type must be one of {INDIVIDUAL} - got %q.", q.RecipientType)
	case q.To == "" && q.Recipient == "":
		return param("The parameter to is required.")
	case q.To != "" && (onlyDigits(q.To) != strings.TrimPrefix(q.To, "+") || len(onlyDigits(q.To)) < 7):
		return param("Param to must be a phone number - got %q.", q.To)
	case !slices.Contains(whatsAppTypes, q.Type):
		return param("Param type must be one of {%s} - got %q.", strings.ToUpper(strings.Join(whatsAppTypes, ", ")), q.Type)
	case !c.has(q.Type):
		return param("The parameter %s is required.", q.Type)
	case utf8.RuneCountInString(q.Opaque) > maxOpaque:
		return param("Param biz_opaque_callback_data must be at most %d characters long.", maxOpaque)
	}
	switch q.Type {
	case "text":
		if q.Text.Body == "" {
			return param("The parameter text['body'] is required.")
		}
		if utf8.RuneCountInString(q.Text.Body) > maxText {
			return param("Param text['body'] must be at most %d characters long.", maxText)
		}
	case "interactive":
		if e := q.Interactive.check(); e != nil {
			return e
		}
	case "location":
		return q.Location.check()
	case "contacts":
		if len(q.Contacts) == 0 || q.Contacts[0].Name.Formatted == "" {
			return param("The parameter contacts[0]['name']['formatted_name'] is required.")
		}
	case "reaction":
		if q.Reaction.MessageID == "" {
			return param("The parameter reaction['message_id'] is required.")
		}
	case "template":
		if q.Template.Name == "" || q.Template.Language == nil || q.Template.Language.Code == "" {
			return param("The parameters template['name'] and template['language'] are required.")
		}
	}
	return q.checkMedia()
}

// message is what the phone shows.
func (q *whatsAppSend) message(template *filled) Message {
	m := Message{Type: q.Type, opaque: q.Opaque, bsuid: q.To == ""}
	if q.Context != nil {
		m.ReplyTo = q.Context.MessageID
	}
	switch q.Type {
	case "text":
		m.Text = q.Text.Body
	case "interactive":
		m.Text, m.Buttons = q.Interactive.text(), q.Interactive.buttons()
	case "template":
		m.Text, m.Buttons, m.price = template.text, template.buttons, template.price
	case "location":
		m.Text = place(q.Location.Latitude, q.Location.Longitude, q.Location.Name, q.Location.Address)
	case "contacts":
		m.Text = q.Contacts[0].Name.Formatted
	default:
		if medium, _ := q.medium(); medium != nil {
			m.Text = medium.Caption
		}
	}
	return m
}

// place is a location as a line of text.
func place(latitude, longitude json.Number, more ...string) string {
	parts := []string{fmt.Sprintf("%s,%s", latitude, longitude)}
	for _, text := range more {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}
