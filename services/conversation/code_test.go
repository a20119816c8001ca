package conversation_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

const (
	aCode    = "w1abcdefghijklmnopqrstuvwxyz"
	bCode    = "w1234567234567234567234567ab"
	kelvin   = "\u212a" // lower case is one byte, not three
	dottedI  = "\u0130" // lower case is one byte, not two
	angstrom = "\u212b" // lower case is two bytes, not three
	aStroke  = "\u023a" // lower case is three bytes, not two
)

// TestFindCode shows where a code is found in words and what is left of them (L4).
func TestFindCode(t *testing.T) {
	upper, mixed := strings.ToUpper(aCode), "W1AbCdEfGhIjKlMnOpQrStUvWxYz"
	for _, test := range []struct{ name, text, code, rest string }{
		{"alone", aCode, aCode, ""},
		{"at the start", aCode + " and hello", aCode, "and hello"},
		{"in the middle", "hello " + aCode + " there", aCode, "hello there"},
		{"at the end", "hello " + aCode, aCode, "hello"},
		{"on lines of its own", "hello\n" + aCode + "\nthere", aCode, "hello there"},
		{"in upper case", "hello " + upper, aCode, "hello"},
		{"in mixed case", mixed, aCode, ""},
		{"before a full stop", aCode + ".", aCode, "."},
		{"in brackets", "(" + aCode + ")", aCode, "( )"},
		{"after a letter", "x" + aCode, "", ""},
		{"before a letter", aCode + "x", "", ""},
		{"before a digit", aCode + "0", "", ""},
		{"too short", aCode[:len(aCode)-1], "", ""},
		{"with a digit that base32 has not", strings.Replace(aCode, "b", "1", 1), "", ""},
		{"after what looks like one", "w1 w1w1 " + aCode, aCode, "w1 w1w1"},
		{"two, the first counts", aCode + " " + bCode, aCode, ""},
		{"two in words, the first counts", "a " + bCode + " b " + aCode + " c", bCode, "a b c"},
		{"twice", aCode + " or " + upper, aCode, "or"},
		{"with the English sentence", "Please continue my chat here: " + aCode, aCode, ""},
		{"with the English sentence and more", "Please continue my chat here: " + aCode + " hello", aCode, "hello"},
		{"with the German sentence", "Bitte hier weiter chatten: " + aCode, aCode, ""},
		{"with more before the German sentence", "Hallo! Bitte hier weiter chatten: " + aCode, aCode, "Hallo!"},
		{"after a dotted I", dottedI + "stanbul " + aCode + " " + dottedI, aCode, dottedI + "stanbul " + dottedI},
		{"after a Kelvin sign", "300 " + kelvin + " " + aCode + " " + kelvin, aCode, "300 " + kelvin + " " + kelvin},
		{"between letters that grow and shrink", angstrom + " " + aCode + " " + aStroke, aCode, angstrom + " " + aStroke},
		{"the other way round", aStroke + " " + aCode + " " + angstrom, aCode, aStroke + " " + angstrom},
		{"with a Kelvin sign in it", strings.Replace(aCode, "k", kelvin, 1), "", ""},
		{"between words of another script", "你好 " + aCode + " 谢谢", aCode, "你好 谢谢"},
		{"in broken text", "\xff" + aCode + "\xfe", aCode, "\xff \xfe"},
		{"none", "hello", "", ""},
		{"empty", "", "", ""},
	} {
		code, rest, found := conversation.FindCode(conversation.Text(test.text))
		said, _ := conversation.PlainText(rest)
		if !found {
			said = ""
		}
		if code != test.code || found != (test.code != "") || said != test.rest {
			t.Errorf("%s: %q holds %q beside %q (%v), want %q beside %q", test.name, test.text, code, said, found, test.code, test.rest)
		}
	}
}

// TestFindCodeElsewhere shows that a code is found in a ref and behind a tap.
func TestFindCodeElsewhere(t *testing.T) {
	text := func(body string) *eventv1.Part { return conversation.Text(body).GetParts()[0] }
	postback := func(payload string) *eventv1.Part {
		return &eventv1.Part{Kind: &eventv1.Part_Postback{Postback: &eventv1.Postback{Payload: payload, Title: "Get started"}}}
	}
	image := &eventv1.Part{Kind: &eventv1.Part_Media{Media: &eventv1.Media{Kind: eventv1.MediaKind_MEDIA_KIND_IMAGE}}}
	for _, test := range []struct {
		name    string
		content *eventv1.Content
		code    string
		rest    []*eventv1.Part
	}{
		{"in a ref", &eventv1.Content{Referral: &eventv1.Referral{Ref: strings.ToUpper(aCode)}}, aCode, nil},
		{"in a ref with words", &eventv1.Content{
			Referral: &eventv1.Referral{Ref: aCode}, Parts: []*eventv1.Part{text("hello")},
		}, aCode, []*eventv1.Part{text("hello")}},
		{"in a ref and in words", &eventv1.Content{
			Referral: &eventv1.Referral{Ref: aCode}, Parts: []*eventv1.Part{text("hello " + aCode)},
		}, aCode, []*eventv1.Part{text("hello")}},
		{"in a ref with Get Started", &eventv1.Content{
			Referral: &eventv1.Referral{Ref: aCode}, Parts: []*eventv1.Part{postback("GET_STARTED")},
		}, aCode, nil},
		{"a ref that is none", &eventv1.Content{Referral: &eventv1.Referral{Ref: "summer-" + aCode}}, "", nil},
		{"behind a tap", &eventv1.Content{Parts: []*eventv1.Part{postback(aCode)}}, aCode, nil},
		{"a tap that is none", &eventv1.Content{Parts: []*eventv1.Part{postback("GET_STARTED")}}, "", nil},
		{"with an image", &eventv1.Content{Parts: []*eventv1.Part{image, text(aCode)}}, aCode, []*eventv1.Part{image}},
		{
			"in two pieces of text", &eventv1.Content{Parts: []*eventv1.Part{text("hello"), text(aCode + " there")}}, aCode,
			[]*eventv1.Part{text("hello"), text("there")},
		},
		{"no content", nil, "", nil},
	} {
		code, rest, found := conversation.FindCode(test.content)
		if code != test.code || found != (test.code != "") {
			t.Errorf("%s: found %q (%v), want %q", test.name, code, found, test.code)
		}
		if !found {
			continue
		}
		if len(rest.GetParts()) != len(test.rest) {
			t.Errorf("%s: left is %v", test.name, rest)
			continue
		}
		for at, part := range test.rest {
			if !proto.Equal(rest.GetParts()[at], part) {
				t.Errorf("%s: left is %v, want %v", test.name, rest.GetParts()[at], part)
			}
		}
	}
}

// TestLinkSentence shows that what our own links carry is found again, and fits.
func TestLinkSentence(t *testing.T) {
	for _, tag := range []string{"", "en", "de", "de-AT", "fr"} {
		sentence := conversation.LinkSentence(tag, aCode)
		if n := utf8.RuneCountInString(sentence); n > 140 {
			t.Errorf("%s: %d characters", tag, n)
		}
		if code, rest, _ := conversation.FindCode(conversation.Text(sentence)); code != aCode || rest != nil {
			t.Errorf("%s: %q holds %q beside %v", tag, sentence, code, rest)
		}
	}
}

// TestAnswerIn shows what answers a prompt (L5).
func TestAnswerIn(t *testing.T) {
	for _, test := range []struct {
		content  *eventv1.Content
		link     string
		yes, was bool
	}{
		{conversation.Text("yes"), "", true, true},
		{conversation.Text(" Yes! "), "", true, true},
		{conversation.Text("JA."), "", true, true},
		{conversation.Text("Ja, hier weiter"), "", true, true},
		{conversation.Text("no"), "", false, true},
		{conversation.Text("Nein"), "", false, true},
		{conversation.Text("yes please, but first a question"), "", false, false},
		{conversation.Text("now"), "", false, false},
		{conversation.Text(""), "", false, false},
		{conversation.Text("weiche:link:L1:yes"), "", false, false},
		{tap("L1", true), "L1", true, true},
		{tap("L1", false), "L1", false, true},
		{&eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Postback{Postback: &eventv1.Postback{
			Payload: conversation.AnswerPayload("L2", true),
		}}}}}, "L2", true, true},
		{&eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Answer{Answer: &eventv1.Answer{
			Payload: "weiche:link:L1:maybe", Title: "yes",
		}}}}}, "L1", false, false},
		{&eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Answer{Answer: &eventv1.Answer{Payload: "size:L", Title: "yes"}}}}}, "", false, false},
		{&eventv1.Content{Parts: append(conversation.Text("yes").GetParts(), conversation.Text("yes").GetParts()...)}, "", false, false},
		{nil, "", false, false},
	} {
		said, was := conversation.AnswerIn(test.content)
		if was != test.was || was && (said.LinkID != test.link || said.Yes != test.yes) {
			t.Errorf("%v answers %+v (%v)", test.content, said, was)
		}
	}
}

// FuzzFindCode shows that no text makes FindCode panic, that what it finds is a
// code, and that what is left does not hold it.
func FuzzFindCode(f *testing.F) {
	for _, seed := range []string{
		"", aCode, "hello " + strings.ToUpper(aCode), aCode + aCode, aCode + " " + aCode, "w1" + aCode,
		angstrom + aCode + aStroke, kelvin + " " + aCode, "Bitte hier weiter chatten: " + aCode + " " + bCode, "\xff" + aCode,
	} {
		f.Add(seed, "", "")
		f.Add("", seed, "")
		f.Add("hello", "", seed)
	}
	f.Fuzz(func(t *testing.T, text, ref, payload string) {
		content := conversation.Text(text)
		content.Referral = &eventv1.Referral{Ref: ref}
		content.Parts = append(content.Parts, &eventv1.Part{Kind: &eventv1.Part_Postback{Postback: &eventv1.Postback{Payload: payload}}})
		before := proto.CloneOf(content)
		code, rest, found := conversation.FindCode(content)
		if found != (code != "") || found && (!conversation.IsCode(code) || strings.ToLower(code) != code) {
			t.Fatalf("found %q (%v)", code, found)
		}
		if said, _ := conversation.PlainText(rest); found && strings.TrimSpace(said) != said {
			t.Fatalf("left is %q", said)
		}
		if again, _, still := conversation.FindCode(&eventv1.Content{Parts: rest.GetParts()}); found && still {
			t.Fatalf("%q still holds %q", rest, again)
		}
		if !proto.Equal(before, content) {
			t.Fatal("FindCode changed the message")
		}
		conversation.AnswerIn(content)
		conversation.AnswerIn(conversation.Text(text))
	})
}
