package conversation

import (
	"fmt"
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// language holds the texts that Weiche itself says over a channel.
type language struct {
	tag string
	// linkSentence stands before the code in a WhatsApp link.
	linkSentence string
	// prompt asks to go on; its verbs are the site and the time it started.
	prompt, promptNoSite string
	yesTitle, noTitle    string
	yes, no              []string
	codeNotValid         string
	// taken is said where a newer code would be refused as well.
	taken        string
	disconnected string
	// person asks whether it is still the same person; its verb is the site.
	person, personNoSite string
	personYes, personNo  string
}

// languages lists them; the first is for everybody whose language is not here.
var languages = [...]language{
	{
		tag:          "en",
		linkSentence: "Please continue my chat here: ",
		prompt:       "Continue the conversation from %s, started at %s, here?",
		promptNoSite: "Continue your conversation, started at %[2]s, here?",
		yesTitle:     "Yes, continue here",
		noTitle:      "No",
		yes:          []string{"yes", "y", "yes, continue here", "yes, that is me"},
		no:           []string{"no", "n"},
		codeNotValid: "This code is not valid any more. Please create a new one in the chat on the website.",
		taken:        "This account already belongs to another chat. Nothing has changed.",
		disconnected: "This chat goes on on the website. You can write here at any time to start a new one.",
		person:       "Are you still the person who chatted with %s here?",
		personNoSite: "Are you still the person who chatted with us here?",
		personYes:    "Yes, that is me",
		personNo:     "No",
	},
	{
		tag:          "de",
		linkSentence: "Bitte hier weiter chatten: ",
		prompt:       "Das Gespräch von %s, begonnen um %s, hier fortsetzen?",
		promptNoSite: "Ihr Gespräch, begonnen um %[2]s, hier fortsetzen?",
		yesTitle:     "Ja, hier weiter",
		noTitle:      "Nein",
		yes:          []string{"ja", "j", "ja, hier weiter", "ja, das bin ich"},
		no:           []string{"nein"},
		codeNotValid: "Dieser Code gilt nicht mehr. Bitte erstellen Sie im Chat auf der Webseite einen neuen.",
		taken:        "Dieses Konto gehört schon zu einem anderen Chat. Es hat sich nichts geändert.",
		disconnected: "Dieser Chat geht auf der Webseite weiter. Hier können Sie jederzeit einen neuen beginnen.",
		person:       "Sind Sie noch die Person, die hier mit %s geschrieben hat?",
		personNoSite: "Sind Sie noch die Person, die hier mit uns geschrieben hat?",
		personYes:    "Ja, das bin ich",
		personNo:     "Nein",
	},
}

// languageOf returns the texts for a BCP 47 tag.
func languageOf(tag string) *language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	for i := range languages {
		if languages[i].tag == primary {
			return &languages[i]
		}
	}
	return &languages[0]
}

// LinkSentence returns the text that a WhatsApp link carries: one sentence in the
// language of the tag, and the code. It is at most 140 characters long.
func LinkSentence(tag, code string) string { return languageOf(tag).linkSentence + code }

// promptFor asks, with two buttons, whether to go on over this channel.
func (l *language) promptFor(site string, started time.Time, linkID string) *eventv1.Content {
	pattern := l.prompt
	if site == "" {
		pattern = l.promptNoSite
	}
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Buttons{Buttons: &eventv1.Buttons{
		Body: fmt.Sprintf(pattern, site, started.UTC().Format("15:04 UTC")),
		Buttons: []*eventv1.Button{
			{Payload: answerPayload(linkID, true), Title: l.yesTitle},
			{Payload: answerPayload(linkID, false), Title: l.noTitle},
		},
	}}}}}
}

// personQuestion asks, with two buttons, whether it is still the same person.
func (l *language) personQuestion(site, questionID string) *eventv1.Content {
	body := l.personNoSite
	if site != "" {
		body = fmt.Sprintf(l.person, site)
	}
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Buttons{Buttons: &eventv1.Buttons{
		Body: body,
		Buttons: []*eventv1.Button{
			{Payload: personPrefix + questionID + ":yes", Title: l.personYes},
			{Payload: personPrefix + questionID + ":no", Title: l.personNo},
		},
	}}}}}
}

// Text returns content of one plain text.
func Text(body string) *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: body}}}}}
}

// PlainText returns the text of a message that is nothing but text.
func PlainText(content *eventv1.Content) (string, bool) {
	if len(content.GetParts()) != 1 {
		return "", false
	}
	text, ok := content.GetParts()[0].GetKind().(*eventv1.Part_Text)
	if !ok {
		return "", false
	}
	return text.Text.GetBody(), true
}
