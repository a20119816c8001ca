package meta

import (
	"strconv"

	"weiche/services/channel"
)

// Class is what an error of the provider means for the message.
type Class struct {
	// Outcome is what may be done now.
	Outcome channel.Outcome
	// Reason is our word for it.
	Reason string
	// Known says that the error stands in the table.
	Known bool
}

// The words on which more depends than what is shown.
const (
	limited     = "rate_limited"
	pairLimited = "pair_rate_limited"
	mediaFailed = "media_failed"
)

// The channels that a row of the table is for.
const (
	wa = 1 << iota
	ms
	ig

	page = ms | ig
	all  = wa | ms | ig
)

// anyCode is a code or subcode that is not asked for.
const anyCode = -1

// row is one line of the table: the errors from code to last, or code alone
// where last is 0, with this subcode.
type row struct {
	channels   int
	code, last int64
	subcode    int64
	outcome    channel.Outcome
	reason     string
}

// table says what the providers' errors mean. Of the rows that fit, those with
// a subcode go before those without, and of these the first counts.
var table = []row{
	{all, 100, 0, 33, channel.Unhealthy, "no_such_account"},
	{all, 33, 0, anyCode, channel.Unhealthy, "no_such_account"},
	{all, 190, 0, anyCode, channel.Unhealthy, "token_refused"},
	{all, 0, 0, anyCode, channel.Unhealthy, "token_refused"},
	{all, 3, 0, anyCode, channel.Unhealthy, "no_permission"},
	{all, 10, 0, anyCode, channel.Unhealthy, "no_permission"},
	{all, 200, 299, anyCode, channel.Unhealthy, "no_permission"},
	{all, 368, 0, anyCode, channel.Unhealthy, "policy"},
	{all, 4, 0, anyCode, channel.NotSent, limited},
	{all, 1, 0, anyCode, channel.Unknown, "provider_error"},
	{all, 2, 0, anyCode, channel.Unknown, "provider_unavailable"},
	{all, 100, 0, anyCode, channel.Refused, "invalid"},

	{wa, 80007, 0, anyCode, channel.NotSent, limited},
	{wa, 130429, 0, anyCode, channel.NotSent, limited},
	{wa, 133016, 0, anyCode, channel.NotSent, limited},
	{wa, 131056, 0, anyCode, channel.NotSent, pairLimited},
	{wa, 131057, 0, anyCode, channel.NotSent, "maintenance"},
	{wa, 131053, 0, anyCode, channel.NotSent, mediaFailed},
	{wa, 131048, 0, anyCode, channel.Unhealthy, "spam_limited"},
	{wa, 131064, 0, anyCode, channel.Unhealthy, "template_limited"},
	{wa, 131000, 0, anyCode, channel.Unknown, "provider_error"},
	{wa, 131016, 0, anyCode, channel.Unknown, "provider_unavailable"},
	{wa, 131047, 0, anyCode, channel.Refused, "window_closed"},
	{wa, 131026, 0, anyCode, channel.Refused, "undeliverable"},
	{wa, 131049, 0, anyCode, channel.Refused, "ecosystem_limited"},
	{wa, 131050, 0, anyCode, channel.Refused, "opted_out"},
	{wa, 130403, 0, anyCode, channel.Refused, "blocked_by_us"},
	{wa, 130472, 0, anyCode, channel.Refused, "experiment"},
	{wa, 131021, 0, anyCode, channel.Refused, "same_number"},
	{wa, 131030, 0, anyCode, channel.Refused, "not_allowed_yet"},
	{wa, 131051, 0, anyCode, channel.Refused, "unsupported_content"},
	{wa, 131052, 0, anyCode, channel.Refused, "media_missing"},
	{wa, 131008, 131009, anyCode, channel.Refused, "invalid"},
	{wa, 131062, 0, anyCode, channel.Refused, "needs_phone"},
	{wa, 132000, 132016, anyCode, channel.Refused, "template"},
	{wa, 132068, 132069, anyCode, channel.Refused, "template"},
	{wa, 131042, 0, anyCode, channel.Unhealthy, "billing"},
	{wa, 131045, 0, anyCode, channel.Unhealthy, "not_registered"},
	{wa, 131037, 0, anyCode, channel.Unhealthy, "not_registered"},
	{wa, 133010, 0, anyCode, channel.Unhealthy, "not_registered"},
	{wa, 131031, 0, anyCode, channel.Unhealthy, "account_locked"},
	{wa, 130497, 0, anyCode, channel.Unhealthy, "country"},
	{wa, 131005, 0, anyCode, channel.Unhealthy, "no_permission"},

	{page, 10, 0, 2018278, channel.Refused, "window_closed"},
	{page, 10, 0, 2018065, channel.Refused, "window_closed"},
	{page, 10, 0, 2018108, channel.Refused, "unavailable"},
	{page, 551, 0, anyCode, channel.Refused, "unavailable"},
	{page, 1545041, 0, anyCode, channel.Refused, "unavailable"},
	{page, anyCode, 0, 1545041, channel.Refused, "unavailable"},
	{page, 100, 0, 2018001, channel.Refused, "no_such_user"},
	{page, 100, 0, 2018109, channel.Refused, "media_too_big"},
	{page, 100, 0, 2018047, channel.Refused, mediaFailed},
	{page, 100, 0, 2018074, channel.Refused, mediaFailed},
	{page, 100, 0, 2018008, channel.NotSent, mediaFailed},
	{page, 100, 0, 2018294, channel.NotSent, mediaFailed},
	{page, anyCode, 0, 2018028, channel.Unhealthy, "development_mode"},
	{page, 613, 0, anyCode, channel.NotSent, limited},
	{page, 32, 0, anyCode, channel.NotSent, limited},
	{page, 17, 0, anyCode, channel.NotSent, limited},
	{page, 1200, 0, anyCode, channel.Unknown, "provider_error"},
	{page, 1, 0, 1357046, channel.Unknown, "provider_error"},

	{ig, 10, 0, 2534022, channel.Refused, "window_closed"},
	{ig, 100, 0, 2534014, channel.Refused, "no_such_user"},
	{ig, 200, 0, 2534041, channel.Unhealthy, "messages_disabled"},
	{ig, 613, 0, 2534040, channel.NotSent, limited},
	{ig, 10, 0, 1893063, channel.Unhealthy, "restricted"},
	{ig, 100, 0, 2534029, channel.Unhealthy, "blocked"},
}

// Classify returns what an error of a channel's provider means. One that is not
// in the table is Unknown, with its code as the reason.
func Classify(channelName string, code, subcode int64) Class {
	at := find(channelName, code, subcode)
	if at < 0 {
		return Class{Outcome: channel.Unknown, Reason: "code_" + strconv.FormatInt(code, 10)}
	}
	return Class{Outcome: table[at].outcome, Reason: table[at].reason, Known: true}
}

// find returns the place of the row that counts, or -1.
func find(channelName string, code, subcode int64) int {
	var bit int
	switch channelName {
	case "whatsapp":
		bit = wa
	case "messenger":
		bit = ms
	case "instagram":
		bit = ig
	}
	best := -1
	for i, r := range table {
		if r.channels&bit == 0 || !r.fits(code, subcode) {
			continue
		}
		if best < 0 || r.subcode != anyCode && table[best].subcode == anyCode {
			best = i
		}
	}
	return best
}

func (r row) fits(code, subcode int64) bool {
	return (r.code == anyCode || code == r.code || r.code < code && code <= r.last) &&
		(r.subcode == anyCode || subcode == r.subcode)
}
