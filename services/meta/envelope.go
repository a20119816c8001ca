package meta

import (
	"errors"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// ErrNoWebhook is returned for a body that is no webhook at all: not JSON, or
// JSON without anything that a webhook has.
var ErrNoWebhook = errors.New("meta: no webhook")

// MaxItems is how many items one body may hold. The providers promise no more
// than a thousand.
const MaxItems = 20_000

// MaxList is how many elements a list within one item is read with: attachments,
// cards, products. The providers' own limits are far below.
const MaxList = 1000

// List names the list of an entry in which a piece stands.
type List int

// The lists of an entry.
const (
	// InChanges holds pieces with a field.
	InChanges List = iota
	// InMessaging holds what happened between a customer and the account.
	InMessaging
	// InStandby holds what happened in a thread that another app owns.
	InStandby
)

// Piece is one piece of an envelope: a change, or an item of messaging or
// standby.
type Piece struct {
	// Entry is the id of the entry around it.
	Entry string
	// List is where it stands.
	List List
	// Field is the name of a change.
	Field string
	// Value is the value of a change, or the item itself.
	Value Value
	// Raw is the piece as it stands in the body.
	Raw Value
}

// ReadEnvelope takes the body of a webhook of an object (page, instagram,
// whatsapp_business_account) apart and calls read for each piece, in the order
// of the body. The place of an item that read returns is that within the piece.
// What is harmless and says nothing becomes an Ignored, a part of the envelope
// that cannot be read an Unreadable; neither costs what stands beside it. Each
// item's raw bytes are a slice of body.
//
// It returns ErrNoWebhook for a body that is none, or has more than MaxItems
// items.
func ReadEnvelope(body []byte, object string, read func(Piece) []*ingressv1.Item) ([]*ingressv1.Item, error) {
	root, ok := Parse(body)
	if !ok {
		return nil, ErrNoWebhook
	}
	if !root.IsObject() {
		switch {
		case !root.Exists():
			return one(ignored("null", "", root)), nil
		case root.IsArray():
			return one(ignored("array", "", root)), nil
		}
		return nil, ErrNoWebhook
	}
	top := root.Object()
	if !top.Has("object") && !top.Has("entry") {
		switch {
		case top.Get("field").Exists() && top.Has("value"):
			// A sample of the documentation: a change with nothing around it.
			return one(ignored(top.Text("field"), "", root)), nil
		case top.Object("body").Has("entry"):
			return one(ignored("body", "", root)), nil
		}
		return nil, ErrNoWebhook
	}
	if got := top.Get("object"); got.Exists() && got.Text() != object {
		return one(ignored(or(got.Text(), "object"), "", root)), nil
	}
	entries := top.Get("entry")
	if !entries.IsArray() || entries.IsEmpty() {
		return one(ignored("entry", entries.Object().Text("id"), root)), nil
	}
	var items []*ingressv1.Item
	for _, entry := range entries.Array() {
		var ok bool
		if items, ok = readEntry(items, entry, read); !ok {
			return nil, ErrNoWebhook
		}
	}
	return items, nil
}

// readEntry appends the items of one entry. It returns false where they get too
// many.
func readEntry(items []*ingressv1.Item, entry Value, read func(Piece) []*ingressv1.Item) ([]*ingressv1.Item, bool) {
	if !entry.Exists() {
		return append(items, at(entryPlace, one(ignored("entry", "", entry)))...), len(items) < MaxItems
	}
	if !entry.IsObject() {
		return append(items, at(entryPlace, one(unreadable("entry is not an object", "", nil, entry)))...), len(items) < MaxItems
	}
	o := entry.Object()
	id := o.Text("id")
	before := len(items)
	for _, l := range o.Places("changes", "messaging", "standby") {
		m := o[l.Index]
		if !m.Value.IsArray() {
			if m.Value.Exists() {
				items = append(items, at(entryPlace+"."+l.Name, one(unreadable(l.Name+" is not an array", id, nil, m.Value)))...)
			}
			continue
		}
		list := map[string]List{"changes": InChanges, "messaging": InMessaging, "standby": InStandby}[l.Name]
		place := entryPlace + "." + l.Name + "[]"
		for _, element := range m.Value.Array() {
			items = append(items, at(place, readElement(Piece{Entry: id, List: list, Value: element, Raw: element}, read))...)
			if len(items) > MaxItems {
				return nil, false
			}
		}
	}
	if len(items) > before {
		return items, true
	}
	if field := o.Text("field"); field != "" {
		items = append(items, at(entryPlace, readChange(Piece{Entry: id, Field: field, Value: o.Get("value"), Raw: entry}, read))...)
		return items, len(items) <= MaxItems
	}
	what := "entry"
	if o.Has("changed_fields") {
		what = "changed_fields"
	}
	return append(items, at(entryPlace, one(ignored(what, id, entry)))...), len(items) < MaxItems
}

func readElement(p Piece, read func(Piece) []*ingressv1.Item) []*ingressv1.Item {
	if !p.Value.IsObject() {
		return one(unreadable("item is not an object", p.Entry, nil, p.Raw))
	}
	if p.List != InChanges {
		return read(p)
	}
	o := p.Value.Object()
	p.Field, p.Value = o.Text("field"), o.Get("value")
	return readChange(p, read)
}

func readChange(p Piece, read func(Piece) []*ingressv1.Item) []*ingressv1.Item {
	if !p.Value.Exists() {
		return one(ignored(or(p.Field, "change"), p.Entry, p.Raw))
	}
	return read(p)
}

func one(item *ingressv1.Item) []*ingressv1.Item { return []*ingressv1.Item{item} }

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}
