package widget_test

import (
	"fmt"
	"strings"
	"testing"

	"rsc.io/qr"

	"weiche/services/widget"
)

const deepLink = "https://wa.me/15550001111?text=Please%20continue%20my%20chat%20here%3A%20w1abcdefghijklmnopqrstuvwxyz"

// modules is what is drawn: a set of places.
type modules map[[2]int]bool

func encoded(t *testing.T, text string) (modules, int) {
	t.Helper()
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	dark := modules{}
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				dark[[2]int{x, y}] = true
			}
		}
	}
	return dark, code.Size
}

func same(t *testing.T, what string, got, want modules) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s has %d dark modules, want %d", what, len(got), len(want))
	}
	for at := range want {
		if !got[at] {
			t.Fatalf("%s lacks the module at %v", what, at)
		}
	}
}

func TestQRPathDrawsTheCode(t *testing.T) {
	for _, text := range []string{deepLink, "https://m.me/page?ref=w1abc", "1"} {
		want, size := encoded(t, text)
		code, err := widget.QR(text)
		if err != nil {
			t.Fatal(err)
		}
		if int(code.GetSize()) != size {
			t.Errorf("size %d, want %d", code.GetSize(), size)
		}
		got := modules{}
		for run := range strings.SplitSeq(strings.TrimSuffix(code.GetPath(), "z"), "z") {
			var x, y, wide, back int
			if _, err := fmt.Sscanf(run, "M%d %dh%dv1h%d", &x, &y, &wide, &back); err != nil {
				t.Fatalf("run %q: %v", run, err)
			}
			if wide < 1 || back != -wide {
				t.Fatalf("run %q is no rectangle of one row", run)
			}
			for at := x; at < x+wide; at++ {
				if got[[2]int{at, y}] {
					t.Fatalf("the module at %d,%d is drawn twice", at, y)
				}
				got[[2]int{at, y}] = true
			}
		}
		same(t, "the path", got, want)
	}
}

func TestQRTextDrawsTheLightModules(t *testing.T) {
	want, size := encoded(t, deepLink)
	code, err := widget.QR(deepLink)
	if err != nil {
		t.Fatal(err)
	}
	got := modules{}
	lines := strings.Split(strings.TrimSuffix(code.GetText(), "\n"), "\n")
	if len(lines) != (size+8+1)/2 {
		t.Fatalf("%d lines for %d modules and their quiet zone", len(lines), size)
	}
	for row, line := range lines {
		signs := []rune(line)
		if len(signs) != size+8 {
			t.Fatalf("line %d has %d signs", row, len(signs))
		}
		for column, sign := range signs {
			x, y := column-4, 2*row-4
			if sign == ' ' || sign == '▄' {
				got[[2]int{x, y}] = true
			}
			if (sign == ' ' || sign == '▀') && y+1 < size+4 {
				got[[2]int{x, y + 1}] = true
			}
		}
	}
	same(t, "the text", got, want)
}

func TestQRRefusesWhatIsTooLong(t *testing.T) {
	if _, err := widget.QR(strings.Repeat("x", 2331)); err != nil {
		t.Error(err)
	}
	if code, err := widget.QR(strings.Repeat("x", 2332)); err == nil {
		t.Errorf("made a code of %d modules", code.GetSize())
	}
}
