package capability

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

const (
	split         = eventv1.FitChange_FIT_CHANGE_SPLIT
	asList        = eventv1.FitChange_FIT_CHANGE_BUTTONS_AS_LIST
	buttonsAsText = eventv1.FitChange_FIT_CHANGE_BUTTONS_AS_TEXT
	placeAsText   = eventv1.FitChange_FIT_CHANGE_LOCATION_AS_TEXT
	cardsAsText   = eventv1.FitChange_FIT_CHANGE_CONTACTS_AS_TEXT
	asLink        = eventv1.FitChange_FIT_CHANGE_MEDIA_AS_LINK
	captionApart  = eventv1.FitChange_FIT_CHANGE_CAPTION_APART
	apart         = eventv1.FitChange_FIT_CHANGE_PARTS_APART
	quoteDropped  = eventv1.FitChange_FIT_CHANGE_QUOTE_DROPPED
	titlesCut     = eventv1.FitChange_FIT_CHANGE_TITLES_CUT
)

func of(parts ...*eventv1.Part) *eventv1.Content { return &eventv1.Content{Parts: parts} }

func quoting(c *eventv1.Content) *eventv1.Content {
	c = proto.CloneOf(c)
	c.ReplyTo = &eventv1.ReplyTo{ProviderMessageId: "m_1"}
	return c
}

func file(kind eventv1.MediaKind, mime string, size int64, caption string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Media{Media: &eventv1.Media{
		Kind: kind, MimeType: mime, Size: size, Caption: caption, BlobId: "blob-1",
	}}}
}

func linked(p *eventv1.Part) *eventv1.Part {
	p = proto.CloneOf(p)
	p.GetMedia().AsLink = true
	return p
}

func question(body string, titles ...string) *eventv1.Part {
	b := &eventv1.Buttons{Body: body}
	for i, title := range titles {
		b.Buttons = append(b.Buttons, &eventv1.Button{Payload: "p" + string(rune('a'+i)), Title: title})
	}
	return &eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: b}}
}

func place(name, address string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Location{Location: &eventv1.Location{Latitude: 48.2082, Longitude: -16.5, Name: name, Address: address}}}
}

func cards(all ...*eventv1.ContactCard) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Contacts{Contacts: &eventv1.ContactCards{Cards: all}}}
}

var (
	template = &eventv1.Part{Kind: &eventv1.Part_Template{Template: &eventv1.Template{Name: "hello", Language: "en"}}}
	reacted  = &eventv1.Part{Kind: &eventv1.Part_Reacted{Reacted: &eventv1.Reacted{MessageId: "m", Emoji: "👍"}}}
)

func TestFit(t *testing.T) {
	digits := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14"}
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) }
	mapLink := "https://www.openstreetmap.org/?mlat=48.2082&mlon=-16.5#map=16/48.2082/-16.5"
	ana := &eventv1.ContactCard{Name: "Ana", Organisation: "Shop", Phones: []string{"+1 555 0100"}, Emails: []string{"ana@example.test"}}
	type contents = []*eventv1.Content
	type changes = []eventv1.FitChange
	jpeg, png := file(image, "image/jpeg", mB, ""), file(image, "image/png", mB, "")
	for _, tc := range []struct {
		name    string
		channel string
		content *eventv1.Content
		want    contents
		changes changes
	}{
		{"text", whatsapp, of(textPart("hi")), contents{of(textPart("hi"))}, nil},
		{"quote", messenger, quoting(of(textPart("hi"))), contents{quoting(of(textPart("hi")))}, nil},
		{"quote, nowhere known", "pigeon", quoting(of(textPart("hi"))), contents{of(textPart("hi"))}, changes{quoteDropped}},
		{
			"long text quotes once", instagram, quoting(of(textPart(words(250)))),
			contents{quoting(of(textPart(words(200)))), of(textPart(words(50)))},
			changes{split},
		},
		{"longest text", whatsapp, of(textPart(strings.Repeat("ä", 4096))), contents{of(textPart(strings.Repeat("ä", 4096)))}, nil},
		{"longest text, in bytes", instagram, of(textPart(strings.Repeat("ä", 500))), contents{of(textPart(strings.Repeat("ä", 500)))}, nil},
		{
			"one character more", messenger, of(textPart(strings.Repeat("ä", 2000))),
			contents{of(textPart(strings.Repeat("ä", 1999))), of(textPart("ä"))},
			changes{split},
		},
		{"no text", whatsapp, of(textPart(" \n")), nil, nil},
		{"nothing", whatsapp, of(), nil, nil},
		{"a kind that is not known", widget, of(&eventv1.Part{}), nil, nil},
		{"a customer's kind", widget, of(&eventv1.Part{Kind: &eventv1.Part_Order{Order: &eventv1.Order{}}}), nil, nil},

		{"buttons", whatsapp, of(question("?", "Yes", "No")), contents{of(question("?", "Yes", "No"))}, nil},
		{"four buttons", whatsapp, of(question("?", digits[:4]...)), contents{of(question("?", digits[:4]...))}, changes{asList}},
		{
			"eleven buttons", whatsapp, of(question("?", digits[:11]...)),
			contents{of(textPart("?\n\n1. 1\n2. 2\n3. 3\n4. 4\n5. 5\n6. 6\n7. 7\n8. 8\n9. 9\n10. 10\n11. 11"))},
			changes{buttonsAsText},
		},
		{"thirteen quick replies", instagram, of(question("?", digits[:13]...)), contents{of(question("?", digits[:13]...))}, nil},
		{
			"buttons where there are none", "pigeon", of(question("Blue?", "Yes", "No")),
			contents{of(textPart("Blue?\n\n1. Yes\n2. No"))},
			changes{buttonsAsText},
		},
		{
			"long titles", whatsapp, of(question("?", "Yes, send it to me today", "No")),
			contents{of(question("?", "Yes, send it to me t", "No"))},
			changes{titlesCut},
		},
		{
			"long titles that are one when cut", messenger, of(question("?", "To the address in the north", "To the address in the south")),
			contents{of(textPart("?\n\n1. To the address in the north\n2. To the address in the south"))},
			changes{buttonsAsText},
		},
		{
			"rows have room", whatsapp, of(question("?", "To the address in Vienna 1", "b", "c", "d")),
			contents{of(question("?", "To the address in Vienna 1", "b", "c", "d"))},
			changes{asList},
		},
		{
			"long question", whatsapp, of(question(words(300), "Yes")),
			contents{of(textPart(words(205))), of(question(words(95), "Yes"))},
			changes{split},
		},
		{"buttons that cannot be told apart", messenger, of(question("?", "a", "a")), contents{of(textPart("?\n\n1. a\n2. a"))}, changes{buttonsAsText}},
		{"a question without buttons", messenger, of(question("?")), nil, nil},
		{"buttons without a question", messenger, of(question("", "a")), nil, nil},

		{"place", whatsapp, of(place("Shop", "Street 1")), contents{of(place("Shop", "Street 1"))}, nil},
		{
			"place as text", messenger, quoting(of(place("Shop", "Street 1"))),
			contents{quoting(of(textPart("Shop\nStreet 1\n" + mapLink)))},
			changes{placeAsText},
		},
		{"place without a name", instagram, of(place("", "")), contents{of(textPart(mapLink))}, changes{placeAsText}},
		{"cards", whatsapp, of(cards(ana)), contents{of(cards(ana))}, nil},
		{
			"cards as text", instagram, of(cards(ana, &eventv1.ContactCard{Name: "Ben"})),
			contents{of(textPart("Ana\nShop\n+1 555 0100\nana@example.test\n\nBen"))},
			changes{cardsAsText},
		},
		{"empty cards", instagram, of(cards()), nil, nil},
		{"template", whatsapp, of(template), contents{of(template)}, nil},
		{"template elsewhere", messenger, of(template), nil, nil},
		{"template in the widget", widget, of(template), nil, nil},
		{"reaction", instagram, of(reacted), contents{of(reacted)}, nil},
		{"reaction, nowhere known", "pigeon", of(reacted), nil, nil},

		{"image", whatsapp, of(file(image, "image/JPEG", 5*mB, "blue")), contents{of(file(image, "image/JPEG", 5*mB, "blue"))}, nil},
		{"image over the limit", whatsapp, of(file(image, "image/jpeg", 5*mB+1, "blue")), contents{of(linked(file(image, "image/jpeg", 5*mB+1, "blue")))}, changes{asLink}},
		{"image of another type", whatsapp, of(file(image, "image/tiff", 1, "")), contents{of(linked(file(image, "image/tiff", 1, "")))}, changes{asLink}},
		{"file of a kind not stated", whatsapp, of(file(0, "video/mp4", 17*mB, "")), contents{of(linked(file(0, "video/mp4", 17*mB, "")))}, changes{asLink}},
		{"document", whatsapp, of(file(document, "application/pdf", 100*mB, "z")), contents{of(file(document, "application/pdf", 100*mB, "z"))}, nil},
		{"any document", messenger, of(file(document, "application/zip", 25*mB, "")), contents{of(file(document, "application/zip", 25*mB, ""))}, nil},
		{"voice", whatsapp, of(file(voice, "audio/ogg; codecs=opus", mB, "")), contents{of(file(voice, "audio/ogg; codecs=opus", mB, ""))}, nil},
		{"voice that is not taken", instagram, of(file(voice, "audio/ogg", mB, "")), contents{of(linked(file(voice, "audio/ogg", mB, "")))}, changes{asLink}},
		{"document that is not taken", instagram, of(file(document, "text/csv", mB, "")), contents{of(linked(file(document, "text/csv", mB, "")))}, changes{asLink}},
		{"a link stays one", instagram, of(linked(file(document, "text/csv", mB, "list"))), contents{of(linked(file(document, "text/csv", mB, "list")))}, nil},
		{"file, nowhere known", "pigeon", of(file(image, "image/png", 1, "blue")), nil, nil},
		{
			"long text below a link", instagram, of(file(document, "text/csv", mB, words(120))),
			contents{of(linked(file(document, "text/csv", mB, ""))), of(textPart(words(120)))},
			changes{asLink, captionApart},
		},
		{"caption below sound", whatsapp, of(file(audio, "audio/ogg", 1, "listen")), contents{of(file(audio, "audio/ogg", 1, "")), of(textPart("listen"))}, changes{captionApart}},
		{
			"caption where there is none", messenger, quoting(of(file(image, "image/png", 1, "blue"))),
			contents{quoting(of(file(image, "image/png", 1, ""))), of(textPart("blue"))},
			changes{captionApart},
		},
		{
			"long caption", whatsapp, of(file(image, "image/png", 1, words(300))),
			contents{of(file(image, "image/png", 1, "")), of(textPart(words(300)))},
			changes{captionApart},
		},
		{"several parts", messenger, of(textPart("look"), png), contents{of(textPart("look")), of(png)}, changes{apart}},
		{"several parts in the widget", widget, of(textPart("look"), png), contents{of(textPart("look"), png)}, nil},
		{"images", messenger, of(png, jpeg), contents{of(png), of(jpeg)}, changes{apart}},
		{"images in one", instagram, of(png, jpeg), contents{of(png, jpeg)}, nil},
		{
			"eleven images", instagram, of(png, png, png, png, png, png, png, png, png, png, jpeg),
			contents{of(png, png, png, png, png, png, png, png, png, png), of(jpeg)},
			changes{apart},
		},
		{
			"images and a link", instagram, of(png, file(image, "image/tiff", 1, ""), jpeg),
			contents{of(png), of(linked(file(image, "image/tiff", 1, ""))), of(jpeg)},
			changes{asLink, apart},
		},
		{
			"all at once", instagram, quoting(of(place("Shop", ""), textPart(words(250)))),
			contents{quoting(of(textPart("Shop\n" + mapLink))), of(textPart(words(200))), of(textPart(words(50)))},
			changes{split, placeAsText, apart},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := proto.CloneOf(tc.content)
			parts, got, ok := Fit(tc.channel, tc.content)
			if ok != (tc.want != nil) {
				t.Errorf("ok %v", ok)
			}
			if diff := cmp.Diff(tc.want, parts, protocmp.Transform()); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.changes, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if !proto.Equal(before, tc.content) {
				t.Error("the content was changed")
			}
		})
	}
}

func drawPart() *rapid.Generator[*eventv1.Part] {
	return rapid.Custom(func(t *rapid.T) *eventv1.Part {
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0, 1:
			return textPart(drawText(400).Draw(t, "text"))
		case 2:
			kind := eventv1.MediaKind(rapid.IntRange(0, 6).Draw(t, "media"))
			mime := rapid.SampledFrom([]string{"", "image/png", "IMAGE/jpeg", "audio/ogg; codecs=opus", "video/mp4", "text/csv", "image/webp"}).Draw(t, "type")
			p := file(kind, mime, rapid.Int64Range(0, 30*mB).Draw(t, "size"), drawText(200).Draw(t, "caption"))
			p.GetMedia().AsLink = rapid.IntRange(0, 4).Draw(t, "link") == 0
			return p
		case 3, 4:
			return question(drawText(300).Draw(t, "question"), rapid.SliceOfN(drawText(6), 0, 14).Draw(t, "titles")...)
		case 5:
			return place(drawText(3).Draw(t, "name"), "")
		}
		return rapid.SampledFrom([]*eventv1.Part{template, reacted, cards(&eventv1.ContactCard{Name: "Ana"})}).Draw(t, "other")
	})
}

// TestM6FittedFits shows that what is fitted can be shown, whatever it was, and
// that nothing is lost of what was written.
func TestM6FittedFits(t *testing.T) {
	fitted := 0
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{widget, whatsapp, messenger, instagram, "pigeon"}).Draw(t, "channel")
		content := of(rapid.SliceOfN(drawPart(), 1, 4).Draw(t, "parts")...)
		parts, changes, ok := Fit(name, content)
		if !ok {
			return
		}
		fitted++
		var written, shown strings.Builder
		for _, p := range content.GetParts() {
			written.WriteString(words(p))
		}
		for _, c := range parts {
			again, changes, ok := Fit(name, c)
			if !ok || len(again) != 1 || again[0] != c || len(changes) > 1 || len(changes) == 1 && changes[0] != asList {
				t.Fatalf("%v is changed again: %v, %v", c, again, changes)
			}
			for _, p := range c.GetParts() {
				shown.WriteString(words(p))
				if body := p.GetText().GetBody(); !Of(name).Text.Holds(body) {
					t.Fatalf("%d bytes of text", len(body))
				}
			}
		}
		for _, c := range changes {
			switch c {
			case placeAsText, titlesCut, buttonsAsText, cardsAsText:
				return // the words are others
			}
		}
		if written.String() != shown.String() {
			t.Fatalf("written %q, shown %q", written.String(), shown.String())
		}
	})
	if fitted == 0 {
		t.Error("nothing was fitted")
	}
}

// words returns what is written in a part, without white space.
func words(p *eventv1.Part) string {
	all := []string{p.GetMedia().GetCaption(), p.GetText().GetBody(), p.GetButtons().GetBody()}
	for _, b := range p.GetButtons().GetButtons() {
		all = append(all, b.GetTitle())
	}
	return strings.Join(strings.Fields(strings.Join(all, "")), "")
}
