package public_test

import (
	"testing"

	"weiche/services/public"
)

func FuzzParsePosition(f *testing.F) {
	f.Add(public.Position{Place: 1, Incarnation: "01ARZ3NDEKTSV4RRFFQ69G5FAV"}.String())
	f.Add(public.Position{Partition: 7, Place: 1 << 63}.String())
	f.Add("AQ")
	f.Add("AYAAAQ")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := public.ParsePosition(text)
		if err != nil {
			return
		}
		if again := p.String(); again != text {
			t.Fatalf("%q is another form of %q", text, again)
		}
	})
}
