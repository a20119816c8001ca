package main

import "encoding/binary"

// The kinds of WebSocket frames that are met here.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// frame is one WebSocket frame that a server sent.
type frame struct {
	op      byte
	payload []byte
}

// nextFrame takes the first frame off some bytes; ok is false if it is not there
// whole. Servers here neither mask nor fragment.
func nextFrame(in []byte) (f frame, rest []byte, ok bool) {
	if len(in) < 2 {
		return frame{}, in, false
	}
	head, size := 2, int(in[1]&0x7f)
	switch size {
	case 126:
		if head = 4; len(in) >= head {
			size = int(binary.BigEndian.Uint16(in[2:]))
		}
	case 127:
		if head = 10; len(in) >= head {
			size = int(binary.BigEndian.Uint64(in[2:]))
		}
	}
	if len(in) < head+size {
		return frame{}, in, false
	}
	return frame{op: in[0] & 0x0f, payload: in[head : head+size]}, in[head+size:], true
}

// appendFrame appends a frame as a server writes it.
func appendFrame(to []byte, op byte, payload []byte) []byte {
	return append(appendHead(to, op, 0, len(payload)), payload...)
}

// appendMasked appends a frame as a client has to write it. The mask is zero, which
// leaves the payload as it is.
func appendMasked(to []byte, op byte, payload []byte) []byte {
	to = append(appendHead(to, op, 0x80, len(payload)), 0, 0, 0, 0)
	return append(to, payload...)
}

func appendHead(to []byte, op, masked byte, size int) []byte {
	to = append(to, 0x80|op)
	switch {
	case size < 126:
		return append(to, masked|byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(to, masked|126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(to, masked|127), uint64(size))
}
