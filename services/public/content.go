package public

import (
	"net/url"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Content returns content as programs are told it: what was said, without the
// provider's ids, the addresses of its files and hashes of them. What it is given
// stays as it is.
func Content(content *eventv1.Content) *eventv1.Content {
	if content == nil {
		return nil
	}
	content = proto.CloneOf(content)
	if reply := content.GetReplyTo(); reply != nil {
		content.ReplyTo = &eventv1.ReplyTo{MessageId: reply.GetMessageId()}
	}
	if referral := content.GetReferral(); referral != nil {
		referral.AdId, referral.ClickId = "", ""
		referral.Url = withoutFile(referral.GetUrl())
	}
	for _, part := range content.GetParts() {
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Media:
			kind.Media.ProviderUrl, kind.Media.ProviderMediaId, kind.Media.StickerId, kind.Media.Sha256 = "", "", "", nil
		case *eventv1.Part_Share:
			kind.Share.Url, kind.Share.ProviderId = withoutFile(kind.Share.GetUrl()), ""
		case *eventv1.Part_Contacts:
			for _, card := range kind.Contacts.GetCards() {
				card.Json = ""
			}
		case *eventv1.Part_Reacted:
			kind.Reacted.ProviderMessageId = ""
		}
	}
	return content
}

// withoutFile returns an address unless it is of a file at a provider.
func withoutFile(address string) string {
	if IsFile(address) {
		return ""
	}
	return address
}

// IsFile says whether an address is of a file at a provider: signed, and nobody's
// to pass on. Addresses of pages that a customer shares are words of theirs.
func IsFile(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return true
	}
	host := strings.ToLower(strings.TrimSuffix(parsed.Hostname(), "."))
	return slices.ContainsFunc([]string{"fbsbx.com", "fbcdn.net", "cdninstagram.com"}, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}
