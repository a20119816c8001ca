package meta

import (
	"testing"

	"weiche/services/channel"
)

// TestClassify asks for each error that the providers document.
func TestClassify(t *testing.T) {
	const (
		whatsapp  = "whatsapp"
		messenger = "messenger"
		instagram = "instagram"
	)
	for _, tc := range []struct {
		channel string
		outcome channel.Outcome
		codes   []int64
		subcode int64
	}{
		{whatsapp, channel.NotSent, []int64{4, 80007, 130429, 133016, 131056, 131057, 131053}, 0},
		{whatsapp, channel.Unhealthy, []int64{131048, 131064, 131042, 131045, 131037, 133010, 33, 368, 131031, 130497, 0, 190, 3, 10, 200, 231, 299, 131005}, 0},
		{whatsapp, channel.Unhealthy, []int64{100}, 33},
		{whatsapp, channel.Unknown, []int64{131000, 131016, 1, 2}, 0},
		{whatsapp, channel.Refused, []int64{131047, 131026, 131049, 131050, 130403, 130472, 131021, 131030, 131051, 131008, 131009, 100, 131062, 132000, 132001, 132016, 132068, 132069}, 0},

		{messenger, channel.Refused, []int64{10}, 2018278},
		{messenger, channel.Refused, []int64{10}, 2018065},
		{messenger, channel.Refused, []int64{10}, 2018108},
		{messenger, channel.Refused, []int64{551, 1545041, 100}, 0},
		{messenger, channel.Refused, []int64{551, 200, 10}, 1545041},
		{messenger, channel.Refused, []int64{100}, 2018001},
		{messenger, channel.Refused, []int64{100}, 2018109},
		{messenger, channel.NotSent, []int64{100}, 2018008},
		{messenger, channel.NotSent, []int64{613, 4, 32, 17}, 0},
		{messenger, channel.Unknown, []int64{1200, 2, 1}, 0},
		{messenger, channel.Unknown, []int64{1}, 1357046},
		{messenger, channel.Unhealthy, []int64{190, 10, 200}, 0},
		{messenger, channel.Unhealthy, []int64{100, 200}, 2018028},

		{instagram, channel.Refused, []int64{10}, 2534022},
		{instagram, channel.Refused, []int64{100}, 2534014},
		{instagram, channel.Unhealthy, []int64{200}, 2534041},
		{instagram, channel.NotSent, []int64{613}, 2534040},
		{instagram, channel.Unhealthy, []int64{10}, 1893063},
		{instagram, channel.Unhealthy, []int64{100}, 2534029},
		{instagram, channel.Unknown, []int64{1}, 1357046},
	} {
		for _, code := range tc.codes {
			got := Classify(tc.channel, code, tc.subcode)
			if !got.Known || got.Outcome != tc.outcome || got.Reason == "" {
				t.Errorf("%s %d/%d: %+v, want outcome %d", tc.channel, code, tc.subcode, got, tc.outcome)
			}
		}
	}
	for _, tc := range []struct {
		channel string
		code    int64
	}{{whatsapp, 300}, {whatsapp, 199}, {whatsapp, 132017}, {whatsapp, 613}, {messenger, 131047}, {instagram, 999}, {"widget", 100}} {
		if got := Classify(tc.channel, tc.code, 0); got.Known || got.Outcome != channel.Unknown {
			t.Errorf("%s %d: %+v, want nothing known", tc.channel, tc.code, got)
		}
	}
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
