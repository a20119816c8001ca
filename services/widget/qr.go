package widget

import (
	"fmt"
	"strconv"
	"strings"

	"rsc.io/qr"

	widgetv1 "weiche/proto/gen/weiche/widget/v1"
)

// quietZone is how many light modules stand around a code.
const quietZone = 4

// QR draws a text as a QR code of level M. It fails for a text that is longer
// than 2,331 bytes.
func QR(text string) (*widgetv1.QrCode, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("widget: QR code: %w", err)
	}
	return &widgetv1.QrCode{Size: int32(code.Size), Path: qrPath(code), Text: qrText(code)}, nil
}

// qrPath draws each run of dark modules in a row as one rectangle.
func qrPath(code *qr.Code) string {
	var path []byte
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for code.Black(x, y) {
				x++
			}
			if x == from {
				continue
			}
			path = strconv.AppendInt(append(path, 'M'), int64(from), 10)
			path = strconv.AppendInt(append(path, ' '), int64(y), 10)
			path = strconv.AppendInt(append(path, 'h'), int64(x-from), 10)
			path = strconv.AppendInt(append(path, "v1h"...), int64(from-x), 10)
			path = append(path, 'z')
		}
	}
	return string(path)
}

// qrText draws the light modules, two rows to a line.
func qrText(code *qr.Code) string {
	var text strings.Builder
	end := code.Size + quietZone
	for y := -quietZone; y < end; y += 2 {
		for x := -quietZone; x < end; x++ {
			upper, lower := !code.Black(x, y), !code.Black(x, y+1) && y+1 < end
			switch {
			case upper && lower:
				text.WriteRune('█')
			case upper:
				text.WriteRune('▀')
			case lower:
				text.WriteRune('▄')
			default:
				text.WriteRune(' ')
			}
		}
		text.WriteByte('\n')
	}
	return text.String()
}
