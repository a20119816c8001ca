package conversation

import (
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// A link code is "w1" and 26 characters of base32: 128 bits. Only this form is
// ever looked up.
const (
	codePrefix = "w1"
	codeLength = len(codePrefix) + 26
)

// FindCode looks for a link code in a message: in the ref of a deep link, in the
// payload behind a tap, or anywhere in its text, in any case. It returns the code
// in lower case and what was said beside it, or false where there is none. The
// sentence that our own links put before a code is cut out with it.
func FindCode(content *eventv1.Content) (code string, rest *eventv1.Content, found bool) {
	if ref := content.GetReferral().GetRef(); isCode(ref) {
		code = strings.ToLower(ref)
	}
	for _, part := range content.GetParts() {
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Text:
			text := kind.Text.GetBody()
			for at := codeIn(text); at >= 0; at = codeIn(text) {
				if code == "" {
					code = strings.ToLower(text[at : at+codeLength])
				}
				text = cutCode(text, at)
			}
			if text = strings.TrimSpace(text); text != "" {
				rest = withPart(rest, &eventv1.Part{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: text}}})
			}
		case *eventv1.Part_Postback:
			// A tap on Get Started or an ice breaker says nothing by itself.
			if payload := kind.Postback.GetPayload(); code == "" && isCode(payload) {
				code = strings.ToLower(payload)
			}
		default:
			rest = withPart(rest, part)
		}
	}
	return code, rest, code != ""
}

func withPart(content *eventv1.Content, part *eventv1.Part) *eventv1.Content {
	if content == nil {
		content = &eventv1.Content{}
	}
	content.Parts = append(content.Parts, part)
	return content
}

// codeIn returns where the first code begins in a text, or -1. A code stands
// alone: no letter from A to Z and no digit touches it. The text is looked at as it
// is: in lower case some letters have another length.
func codeIn(text string) int {
	for at := 0; at+codeLength <= len(text); at++ {
		if isCode(text[at:at+codeLength]) &&
			(at == 0 || !isAlphanumeric(text[at-1])) &&
			(at+codeLength == len(text) || !isAlphanumeric(text[at+codeLength])) {
			return at
		}
	}
	return -1
}

// isCode says whether a text is of the form of a code, in any case.
func isCode(text string) bool {
	if len(text) != codeLength || !strings.EqualFold(text[:len(codePrefix)], codePrefix) {
		return false
	}
	for _, char := range []byte(text[len(codePrefix):]) {
		if (char < 'a' || char > 'z') && (char < 'A' || char > 'Z') && (char < '2' || char > '7') {
			return false
		}
	}
	return true
}

func isAlphanumeric(char byte) bool {
	return char >= '0' && char <= '9' || char >= 'a' && char <= 'z' || char >= 'A' && char <= 'Z'
}

// cutCode removes the code at a place, and our sentence before it.
func cutCode(text string, at int) string {
	before, after := text[:at], text[at+codeLength:]
	for _, language := range languages {
		sentence := strings.TrimSpace(language.linkSentence)
		if cut, ok := strings.CutSuffix(strings.TrimSpace(before), sentence); ok {
			before = cut
			break
		}
	}
	before, after = strings.TrimSpace(before), strings.TrimSpace(after)
	if before == "" || after == "" {
		return before + after
	}
	return before + " " + after
}

// answerPayload is what a prompt's button sends back.
func answerPayload(linkID string, yes bool) string {
	if yes {
		return answerPrefix + linkID + ":yes"
	}
	return answerPrefix + linkID + ":no"
}

const answerPrefix = "weiche:link:"

// answer is what a message says to a prompt. LinkID is empty for words that were
// typed: they answer whatever was asked last.
type answer struct {
	LinkID string
	Yes    bool
}

// answerIn reads a button of ours, or a typed yes or no.
func answerIn(content *eventv1.Content) (answer, bool) {
	if len(content.GetParts()) != 1 {
		return answer{}, false
	}
	var payload, text string
	switch kind := content.GetParts()[0].GetKind().(type) {
	case *eventv1.Part_Answer:
		payload = kind.Answer.GetPayload()
	case *eventv1.Part_Postback:
		payload = kind.Postback.GetPayload()
	case *eventv1.Part_Text:
		text = kind.Text.GetBody()
	}
	if body, ok := strings.CutPrefix(payload, answerPrefix); ok {
		linkID, word, _ := strings.Cut(body, ":")
		return answer{LinkID: linkID, Yes: word == "yes"}, word == "yes" || word == "no"
	}
	word := strings.ToLower(strings.Trim(strings.TrimSpace(text), ".!"))
	for _, language := range languages {
		for _, yes := range language.yes {
			if word == yes {
				return answer{Yes: true}, true
			}
		}
		for _, no := range language.no {
			if word == no {
				return answer{}, true
			}
		}
	}
	return answer{}, false
}
