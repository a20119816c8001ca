package simulator

import (
	"fmt"
	"unicode/utf8"
)

// interactive is a WhatsApp message with buttons or a list.
type interactive struct {
	Type   string `json:"type"`
	Header *struct {
		Type string `json:"type"`
		Text string `json:"text"`
		headerMedia
	} `json:"header"`
	Body *struct {
		Text string `json:"text"`
	} `json:"body"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
	Action *struct {
		Button  string `json:"button"`
		Buttons []struct {
			Type  string        `json:"type"`
			Reply whatsAppReply `json:"reply"`
		} `json:"buttons"`
		Sections []struct {
			Title string `json:"title"`
			Rows  []struct {
				ID          string `json:"id"`
				Title       string `json:"title"`
				Description string `json:"description"`
			} `json:"rows"`
		} `json:"sections"`
		Parameters struct { // of cta_url
			DisplayText string `json:"display_text"`
			URL         string `json:"url"`
		} `json:"parameters"`
	} `json:"action"`
}

// check refuses what breaks the limits of buttons and lists. Other types of
// interactive messages pass with their body.
func (i *interactive) check() *GraphError {
	param := func(format string, args ...any) *GraphError {
		return whatsAppGraphError(100, fmt.Sprintf(format, args...))
	}
	switch {
	case i.Type == "":
		return param("The parameter interactive['type'] is required.")
	case i.Body == nil || i.Body.Text == "":
		return param("The parameter interactive['body'] is required.")
	case i.Action == nil:
		return param("The parameter interactive['action'] is required.")
	case utf8.RuneCountInString(i.Body.Text) > 1024:
		return param("Param interactive['body']['text'] must be at most 1024 characters long.")
	case i.Header != nil && utf8.RuneCountInString(i.Header.Text) > 60:
		return param("Param interactive['header']['text'] must be at most 60 characters long.")
	case i.Footer != nil && utf8.RuneCountInString(i.Footer.Text) > 60:
		return param("Param interactive['footer']['text'] must be at most 60 characters long.")
	}
	switch i.Type {
	case "button":
		return i.checkButtons()
	case "list":
		if i.Header != nil && i.Header.Type != "text" {
			return param("Param interactive['header']['type'] must be text for a list.")
		}
		return i.checkList()
	case "cta_url":
		if p := i.Action.Parameters; !within(p.DisplayText, 1, 20) || p.URL == "" {
			return param("Param interactive['action']['parameters'] needs a display_text of at most 20 characters and a url.")
		}
	}
	return nil
}

func (i *interactive) checkButtons() *GraphError {
	bad := func(details string) *GraphError { return whatsAppGraphError(131009, details) }
	if n := len(i.Action.Buttons); n < 1 || n > 3 {
		return bad("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range i.Action.Buttons {
		switch {
		case b.Type != "reply":
			return bad("Invalid button type. Only reply buttons are allowed")
		case !within(b.Reply.Title, 1, 20):
			return bad("Button title length invalid. Min length: 1, Max length: 20")
		case !within(b.Reply.ID, 1, 256):
			return bad("Button id length invalid. Min length: 1, Max length: 256")
		case ids[b.Reply.ID]:
			return bad("Duplicate button ids are not allowed")
		case titles[b.Reply.Title]:
			return bad("Duplicate button titles are not allowed")
		}
		ids[b.Reply.ID], titles[b.Reply.Title] = true, true
	}
	return nil
}

func (i *interactive) checkList() *GraphError {
	bad := func(details string) *GraphError { return whatsAppGraphError(131009, details) }
	if !within(i.Action.Button, 1, 20) {
		return bad("List button length invalid. Min length: 1, Max length: 20")
	}
	if n := len(i.Action.Sections); n < 1 || n > 10 {
		return bad("Invalid sections count. Min allowed sections: 1, Max allowed sections: 10")
	}
	rows, ids := 0, map[string]bool{}
	for _, section := range i.Action.Sections {
		if !within(section.Title, 0, 24) || (section.Title == "" && len(i.Action.Sections) > 1) {
			return bad("Section title length invalid. Min length: 1, Max length: 24")
		}
		for _, r := range section.Rows {
			rows++
			switch {
			case !within(r.ID, 1, 200):
				return bad("Row id length invalid. Min length: 1, Max length: 200")
			case !within(r.Title, 1, 24):
				return bad("Row title length invalid. Min length: 1, Max length: 24")
			case !within(r.Description, 0, 72):
				return bad("Row description length invalid. Max length: 72")
			case ids[r.ID]:
				return bad("Duplicate row ids are not allowed")
			}
			ids[r.ID] = true
		}
	}
	if rows < 1 || rows > 10 {
		return bad("Total row count exceed max allowed count: 10")
	}
	return nil
}

// text is the body with the link of a button that opens one.
func (i *interactive) text() string {
	if i.Action.Parameters.URL != "" {
		return i.Body.Text + "\n" + i.Action.Parameters.URL
	}
	return i.Body.Text
}

func (i *interactive) buttons() []Button {
	var out []Button
	if p := i.Action.Parameters; p.URL != "" {
		out = append(out, Button{Title: p.DisplayText, Kind: ButtonURL, URL: p.URL})
	}
	for _, b := range i.Action.Buttons {
		out = append(out, Button{ID: b.Reply.ID, Title: b.Reply.Title, Kind: ButtonReply})
	}
	for _, section := range i.Action.Sections {
		for _, r := range section.Rows {
			out = append(out, Button{ID: r.ID, Title: r.Title, Kind: ButtonRow, Description: r.Description})
		}
	}
	return out
}

func within(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return n >= least && n <= most
}
