package blob

import (
	"bufio"
	"encoding/binary"
	"io"
)

// tagOrientation is the number of the field that says how a camera was held.
const tagOrientation = 0x0112

// orientation returns how a picture is to be turned to stand upright, 1 to 8 as EXIF
// counts; 1 where nothing says so. It reads JPEG alone, and no further than to where
// the picture begins.
func orientation(from io.Reader) int {
	in := bufio.NewReader(from)
	var start [2]byte
	if _, err := io.ReadFull(in, start[:]); err != nil || start != [2]byte{0xff, 0xd8} {
		return 1
	}
	for {
		var head [4]byte
		if _, err := io.ReadFull(in, head[:]); err != nil || head[0] != 0xff || head[1] == 0xda {
			return 1
		}
		length := int(binary.BigEndian.Uint16(head[2:])) - 2
		if length < 0 {
			return 1
		}
		if head[1] != 0xe1 {
			if _, err := in.Discard(length); err != nil {
				return 1
			}
			continue
		}
		segment := make([]byte, length)
		if _, err := io.ReadFull(in, segment); err != nil {
			return 1
		}
		if len(segment) > 14 && string(segment[:6]) == "Exif\x00\x00" {
			return turnIn(segment[6:])
		}
	}
}

// turnIn reads the field in the first directory of a TIFF header.
func turnIn(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	count := int64(order.Uint16(tiff[at:]))
	for field := at + 2; field+12 <= int64(len(tiff)) && count > 0; field, count = field+12, count-1 {
		if order.Uint16(tiff[field:]) != tagOrientation {
			continue
		}
		if turn := int(order.Uint16(tiff[field+8:])); turn >= 1 && turn <= 8 {
			return turn
		}
		return 1
	}
	return 1
}
