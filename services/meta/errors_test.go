package meta

import (
	"strconv"
	"strings"
	"testing"

	"weiche/services/channel"
)

// facts are the errors that the providers document, as of autumn 2026: what
// becomes of the message, our word for it, the channels, and the codes, with their
// subcodes or as ranges. R is to be tried again, A may have been sent, T will not
// be, C is a fault of the account.
const facts = `
R rate_limited          whatsapp                     4 80007 130429 133016
R pair_rate_limited     whatsapp                     131056
R maintenance           whatsapp                     131057
R media_failed          whatsapp                     131053
A provider_error        whatsapp                     1 131000
A provider_unavailable  whatsapp                     2 131016
T window_closed         whatsapp                     131047
T undeliverable         whatsapp                     131026
T ecosystem_limited     whatsapp                     131049
T opted_out             whatsapp                     131050
T blocked_by_us         whatsapp                     130403
T experiment            whatsapp                     130472
T same_number           whatsapp                     131021
T not_allowed_yet       whatsapp                     131030
T unsupported_content   whatsapp                     131051
T invalid               whatsapp                     131008 131009 100
T needs_phone           whatsapp                     131062
T media_missing         whatsapp                     131052
T template              whatsapp                     132000-132016 132068 132069
C spam_limited          whatsapp                     131048
C template_limited      whatsapp                     131064
C billing               whatsapp                     131042
C not_registered        whatsapp                     131045 131037 133010
C no_such_account       whatsapp                     33 100/33
C policy                whatsapp                     368
C account_locked        whatsapp                     131031
C country               whatsapp                     130497
C token_refused         whatsapp                     0 190 190/463
C no_permission         whatsapp                     3 10 200-299 131005

R rate_limited          messenger instagram          613 4 32 17
R media_failed          messenger instagram          100/2018008 100/2018294
A provider_error        messenger instagram          1200 1 1/1357046
A provider_unavailable  messenger instagram          2
T window_closed         messenger                    10/2018278 10/2018065
T unavailable           messenger instagram          10/2018108 551 551/1545041 200/1545041 1545041 10/1545041
T no_such_user          messenger                    100/2018001
T media_too_big         messenger instagram          100/2018109
T media_failed          messenger instagram          100/2018047 100/2018074
T invalid               messenger instagram          100 100/99
C token_refused         messenger instagram          0 190 190/460
C no_permission         messenger instagram          3 10 200-299
C development_mode      messenger instagram          100/2018028 200/2018028 10/2018028
C policy                messenger instagram          368
C no_such_account       messenger instagram          33 100/33

T window_closed         instagram                    10/2534022
T no_such_user          instagram                    100/2534014
R rate_limited          instagram                    613/2534040
C messages_disabled     instagram                    200/2534041
C restricted            instagram                    10/1893063
C blocked               instagram                    100/2534029
`

// TestClassify walks the facts, and shows that no row of the table is without
// one.
func TestClassify(t *testing.T) {
	outcomes := map[string]channel.Outcome{"R": channel.NotSent, "A": channel.Unknown, "T": channel.Refused, "C": channel.Unhealthy}
	counted := map[int]bool{}
	for line := range strings.Lines(facts) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		want := Class{Outcome: outcomes[fields[0]], Reason: fields[1], Known: true}
		var channels []string
		for _, field := range fields[2:] {
			if field[0] > '9' {
				channels = append(channels, field)
				continue
			}
			for _, e := range errorsOf(t, field) {
				for _, name := range channels {
					if got := Classify(name, e[0], e[1]); got != want {
						t.Errorf("%s %d/%d: %+v, want %+v", name, e[0], e[1], got, want)
					}
					counted[find(name, e[0], e[1])] = true
				}
			}
		}
	}
	for i, r := range table {
		if !counted[i] {
			t.Errorf("no fact speaks of row %+v", r)
		}
	}
	for _, tc := range []struct {
		channel string
		code    int64
	}{{"whatsapp", 300}, {"whatsapp", 199}, {"whatsapp", 132017}, {"whatsapp", 613}, {"messenger", 131047}, {"instagram", 999}, {"widget", 100}} {
		if got := Classify(tc.channel, tc.code, 0); got.Known || got.Outcome != channel.Unknown {
			t.Errorf("%s %d: %+v, want nothing known", tc.channel, tc.code, got)
		}
	}
}

// errorsOf returns the codes and subcodes of a field: 10, 10/2018278 or 200-299.
func errorsOf(t *testing.T, field string) (all [][2]int64) {
	t.Helper()
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if first, last, ok := strings.Cut(field, "-"); ok {
		for code := number(first); code <= number(last); code++ {
			all = append(all, [2]int64{code, 0})
		}
		return all
	}
	code, subcode, ok := strings.Cut(field, "/")
	if !ok {
		subcode = "0"
	}
	return [][2]int64{{number(code), number(subcode)}}
}

// TestTable looks for rows that can never count.
func TestTable(t *testing.T) {
	for i, r := range table {
		for _, before := range table[:i] {
			if r.channels&before.channels == r.channels && before.subcode == r.subcode && before.code != anyCode && before.fits(r.code, r.subcode) {
				t.Errorf("row %+v is hidden by %+v", r, before)
			}
		}
	}
}
