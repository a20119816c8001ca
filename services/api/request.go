package api

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"connectrpc.com/connect/v2"

	errorv1 "weiche/proto/gen/weiche/error/v1"
)

// What a request may hold.
const (
	maxVisitorText  = 4096     // characters
	maxAgentText    = 16 << 10 // bytes
	maxClientToken  = 128      // characters
	maxLanguageTag  = 35       // characters, as BCP 47 asks for
	maxID           = 64
	idLetters       = "abcdefghijklmnopqrstuvwxyz0123456789-"
	otherIDLetters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	languageLetters = idLetters + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func invalid(message string) error { return fail(errorv1.Reason_REASON_INVALID, message) }

// clientToken returns the client's id of a command: the field, or the header
// Idempotency-Key.
func clientToken(ctx context.Context, field string) (string, error) {
	token := field
	if info, ok := connect.CallInfoForServerContext(ctx); ok {
		switch header := info.RequestHeader().Get("Idempotency-Key"); {
		case header == "":
		case token == "":
			token = header
		case token != header:
			return "", invalid("client_token and Idempotency-Key differ")
		}
	}
	if n := utf8.RuneCountInString(token); n < 1 || n > maxClientToken || !utf8.ValidString(token) {
		return "", invalid("client_token has 1 to 128 characters")
	}
	return token, nil
}

// visitorText checks what a visitor says.
func visitorText(text string) error {
	if n := utf8.RuneCountInString(text); n > maxVisitorText || !utf8.ValidString(text) || strings.TrimSpace(text) == "" {
		return invalid("text has 1 to 4,096 characters, and not only spaces")
	}
	return nil
}

// agentText checks what an agent says.
func agentText(text string) error {
	if len(text) > maxAgentText || !utf8.ValidString(text) || strings.TrimSpace(text) == "" {
		return invalid("text has 1 to 16,384 bytes, and not only spaces")
	}
	return nil
}

// language checks a language tag; empty is one.
func language(tag string) error {
	if len(tag) > maxLanguageTag || strings.Trim(tag, languageLetters) != "" {
		return invalid("language is no BCP 47 tag")
	}
	return nil
}

// known returns errNotFound for ids that nothing can have.
func known(ids ...string) error {
	for _, id := range ids {
		if len(id) < 1 || len(id) > maxID || strings.Trim(id, idLetters+otherIDLetters) != "" {
			return errNotFound
		}
	}
	return nil
}

// isSetupID says whether a text can be an id that an administrator chose.
func isSetupID(id string) bool {
	return len(id) >= 1 && len(id) <= maxID && strings.Trim(id, idLetters) == "" && strings.Trim(id, "-") != ""
}

// onePage checks that a request names one place where its page is.
func onePage(req interface {
	GetAfter() uint64
	GetBefore() uint64
	GetLatest() bool
},
) error {
	named := 0
	for _, is := range []bool{req.GetAfter() != 0, req.GetBefore() != 0, req.GetLatest()} {
		if is {
			named++
		}
	}
	if named > 1 {
		return invalid("after, before and latest are not set together")
	}
	return nil
}

// pageSize returns how many are asked for.
func pageSize(limit int32, usual, most int) (int, error) {
	if limit < 0 || int(limit) > most {
		return 0, invalid(fmt.Sprintf("limit is 1 to %d, and %d if 0", most, usual))
	}
	if limit == 0 {
		return usual, nil
	}
	return int(limit), nil
}
