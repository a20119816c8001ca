package meta

import "testing"

func TestCut(t *testing.T) {
	const family = "👨‍👩‍👧" // five characters
	for _, tc := range []struct {
		in    string
		limit int
		want  string
	}{
		{"Yes", 20, "Yes"},
		{"exactly", 7, "exactly"},
		{"one more", 7, "one mor"},
		{"äöü", 2, "äö"},
		{"ae\u0301x", 2, "a"},
		{"ae\u0301x", 3, "ae\u0301"},
		{"ab" + family + "c", 6, "ab"},
		{"ab" + family + "c", 7, "ab" + family},
		{"👍🏽!", 1, ""},
		{"a👍🏽!", 2, "a"},
		{"🇦🇹🇩🇪", 3, "🇦🇹"},
		{"🇦🇹🇩🇪", 1, ""},
		{"a☎️b", 2, "a"},
		{"\u1112\u1161\u11ab", 2, ""},
		{"x\u1112\u1161\u11ab", 3, "x"},
		{"ab", 0, ""},
	} {
		if got := Cut(tc.in, tc.limit); got != tc.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tc.in, tc.limit, got, tc.want)
		}
	}
}
