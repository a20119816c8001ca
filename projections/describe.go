package projections

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// rowNames says in words what the rows of a projection are, by the letter of
// their kind, and what the rest of their keys is; see the table in keys.go.
var rowNames = map[string]map[byte]struct{ name, of, rest string }{
	TimelineName: {
		kindItem:     {"line", "conversation", "#"},
		kindChanged:  {"changed line", "conversation", "##"},
		kindEvent:    {"place", "event", ""},
		kindMessage:  {"place of message", "conversation", "$"},
		kindLink:     {"link", "conversation", "$"},
		kindIdentity: {"identity", "conversation", "$"},
		kindSeen:     {"seen", "conversation", ""},
	},
	ChannelViewName: {
		kindState:     {"state", "conversation", ""},
		kindSegment:   {"segment", "conversation", "$#"},
		kindPlacement: {"placement", "conversation", "$#"},
		kindMessage:   {"placed reply", "conversation", "$"},
	},
	RouteName: {kindRoute: {"route", "conversation", ""}},
	CustomerName: {
		kindCustomer:         {"card", "customer", ""},
		kindCustomerIdentity: {"identity", "customer", "$"},
		kindCustomerTalk:     {"conversation", "customer", "#$"},
		kindOwner:            {"owner", "identity", ""},
	},
	InboxName: {
		kindInbox:        {"row", "conversation", ""},
		kindPlace:        {"place", "list", "#"},
		kindCustomerTalk: {"conversation", "customer", "#"},
		kindUse:          {"use", "view", "$$"},
		kindCount:        {"count", "view", "$"},
		kindGone:         {"gone agent", "view", "$"},
	},
}

// describeRow names a row in words, by its key without the prefix.
func describeRow(projection string, k []byte) string {
	d := keyReader{rest: k}
	account, of := d.text(), d.text()
	kind := rowNames[projection][d.byte()]
	words := []string{kind.name}
	for _, part := range kind.rest {
		if part == '#' {
			words = append(words, fmt.Sprint(d.number()))
		} else {
			words = append(words, d.text())
		}
	}
	if d.bad || len(d.rest) > 0 || kind.name == "" {
		return fmt.Sprintf("the row %x", k)
	}
	return fmt.Sprintf("%s of %s %s of account %s", strings.Join(words, " "), kind.of, of, account)
}

// describeKey names a full key of the folder in words.
func describeKey(k []byte) string {
	d := keyReader{rest: k}
	switch d.byte() {
	case tableCheckpoint:
		return fmt.Sprintf("the checkpoint of view %s", d.rest)
	case tableBuild:
		return fmt.Sprintf("the checkpoint of a rebuild of view %s", d.rest)
	case tableRows:
		if projection := d.text(); len(d.rest) >= 8 {
			return fmt.Sprintf("view %s, %s", projection, describeRow(projection, d.rest[8:]))
		}
	}
	return fmt.Sprintf("key %x", k)
}

// keyReader takes a key apart.
type keyReader struct {
	rest []byte
	bad  bool
}

func (d *keyReader) take(n int) []byte {
	if d.bad = d.bad || n > len(d.rest); d.bad {
		return make([]byte, 8)[:min(n, 8)]
	}
	part := d.rest[:n]
	d.rest = d.rest[n:]
	return part
}

func (d *keyReader) byte() byte { return d.take(1)[0] }

func (d *keyReader) number() uint64 { return binary.BigEndian.Uint64(d.take(8)) }

func (d *keyReader) text() string {
	n := int(binary.BigEndian.Uint16(d.take(2)))
	return string(d.take(n))
}
