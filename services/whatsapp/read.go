package whatsapp

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// Reader reads the webhooks of WhatsApp Business accounts. Customers are known
// by their bsuid, parent_bsuid and phone, in this order. Its error is
// [meta.ErrNoWebhook].
type Reader struct{}

var _ channel.ItemReader = Reader{}

// object is what a body says that it is about.
const object = "whatsapp_business_account"

// Read turns the body of a webhook into items.
func (Reader) Read(body []byte) ([]*ingressv1.Item, error) {
	return meta.ReadEnvelope(body, object, readPiece)
}

// ReadItem reads one item again.
func (r Reader) ReadItem(item channel.KeptItem) ([]*ingressv1.Item, error) {
	return r.Read(meta.Body(object, item))
}

// change is the value of one change, with what its items share.
type change struct {
	field   string
	account string
	people  people
	errors  []meta.Value
	// beside is what the items are kept with.
	beside []byte
}

// item is one element of a list in a change.
type item struct {
	change
	object meta.Object
	at     *timestamppb.Timestamp
	raw    meta.Value
	// who is the customer whose item it is, once that is known.
	who person
}

// lists is what is done with the elements of each list of a change. Which field
// a list may stand in is not asked.
var lists = []struct {
	name string
	read func(item) *ingressv1.Item
}{
	{"messages", item.message},
	{"statuses", item.status},
	{"message_echoes", item.echo},
	{"user_id_update", item.userIDUpdate},
	{"user_preferences", item.preference},
}

// maxBeside bounds what goes with each item of a change.
const maxBeside = 4 << 10

// besideItems returns what the items of a change are read with, as an object; nil
// where there is nothing or too much.
func besideItems(value meta.Object) []byte {
	var beside []byte
	for _, name := range []string{"contacts", "errors"} {
		with := value.Get(name)
		switch {
		case len(with) == 0:
			continue
		case len(with) > maxBeside:
			return nil
		case beside == nil:
			beside = append(beside, '{')
		default:
			beside = append(beside, ',')
		}
		beside = append(append(append(append(beside, '"'), name...), `":`...), with...)
	}
	if beside != nil {
		beside = append(beside, '}')
	}
	return beside
}

func listNames() []string {
	var names []string
	for _, list := range lists {
		names = append(names, list.name)
	}
	return names
}

func readerOf(list string) func(item) *ingressv1.Item {
	for _, l := range lists {
		if l.name == list {
			return l.read
		}
	}
	return nil
}

func readPiece(p meta.Piece) []*ingressv1.Item {
	value := p.Value.Object()
	c := change{
		field:   p.Field,
		account: value.Object("metadata").Text("phone_number_id"),
		people:  readPeople(value.Get("contacts")),
		errors:  value.Get("errors").Array(),
		beside:  besideItems(value),
	}
	if c.account == "" {
		// What concerns the whole business account names no number.
		c.account = p.Entry
	}
	if p.List != meta.InChanges {
		return []*ingressv1.Item{meta.Ignored("messaging", c.account, p.Raw)}
	}
	if p.Value.Exists() && !p.Value.IsObject() {
		return []*ingressv1.Item{meta.Unreadable("value is not an object", c.account, nil, p.Raw)}
	}
	var items []*ingressv1.Item
	for _, place := range value.Places(listNames()...) {
		list, read := value[place.Index].Value, readerOf(place.Name)
		elements := list.Array()
		if list.Exists() && !list.IsArray() || len(elements) > meta.MaxItems {
			unread := meta.Unreadable(place.Name+" is no list of items", c.account, nil, list)
			unread.Place = "value." + place.Name
			items = append(items, unread)
			continue
		}
		within := "value." + place.Name + "[]"
		for _, element := range elements {
			read := c.readElement(element, read)
			read.Place, read.Beside = within, c.beside
			items = append(items, read)
		}
	}
	if len(items) > 0 {
		return items
	}
	what := p.Field
	switch {
	case value.Get("errors").Exists():
		what = "errors"
	case what == "":
		what = "change"
	}
	return []*ingressv1.Item{meta.Ignored(what, c.account, p.Raw)}
}

func (c change) readElement(element meta.Value, read func(item) *ingressv1.Item) *ingressv1.Item {
	if !element.IsObject() {
		return meta.Unreadable("item is not an object", c.account, nil, element)
	}
	i := item{change: c, object: element.Object(), raw: element}
	at, ok := i.object.Get("timestamp").Time()
	if !ok {
		return i.unreadable("no readable timestamp")
	}
	i.at = at
	return read(i)
}

func (i item) ignored(what string) *ingressv1.Item { return meta.Ignored(what, i.account, i.raw) }

func (i item) unreadable(reason string) *ingressv1.Item {
	item := meta.Unreadable(reason, i.account, i.at, i.raw)
	item.GetUnreadable().Sender = i.who.aliases
	return item
}

// message reads what a customer did.
func (i item) message() *ingressv1.Item {
	if i.object.Text("group_id") != "" {
		return i.ignored("group_message")
	}
	i.who = i.people.complete(aliases(
		i.object.Text("from_user_id"), i.object.Text("from_parent_user_id"), i.object.Text("from")))
	kind := i.object.Text("type")
	if kind == "system" {
		return i.system()
	}
	if len(i.who.aliases) == 0 {
		return i.unreadable("no sender")
	}
	in := i.inbound()
	switch kind {
	case "reaction":
		r := i.object.Object("reaction")
		if r.Text("message_id") == "" {
			return i.unreadable("reaction without an id")
		}
		in.Event = &ingressv1.Inbound_Reaction{Reaction: &ingressv1.Reaction{
			ProviderMessageId: r.Text("message_id"), Emoji: r.Text("emoji"),
		}}
	case "edit":
		edit := readEdit(i.object)
		if edit == nil {
			return i.unreadable("edit without an id")
		}
		in.Event = &ingressv1.Inbound_Edit{Edit: edit}
	case "revoke":
		unsend := readUnsend(i.object)
		if unsend == nil {
			return i.unreadable("unsend without an id")
		}
		in.Event = &ingressv1.Inbound_Unsend{Unsend: unsend}
	default:
		if kind == "" && in.GetProviderMessageId() == "" {
			return i.unreadable("message without id and type")
		}
		in.Event = &ingressv1.Inbound_Message{Message: readContent(i.object, i.errors)}
	}
	return i.of(in)
}

func (i item) inbound() *ingressv1.Inbound {
	hash := i.who.keyHash
	if hash == "" {
		hash = i.object.Object("identity").Text("hash")
	}
	return &ingressv1.Inbound{
		ProviderAccountId: i.account,
		ProviderMessageId: i.object.Text("id"),
		SentAt:            i.at,
		Sender:            i.who.aliases,
		Profile:           i.who.profile,
		IdentityKeyHash:   hash,
	}
}

// readEdit returns nil where nothing says which message it is about.
func readEdit(m meta.Object) *ingressv1.Edit {
	edit := m.Object("edit")
	if edit.Text("original_message_id") == "" {
		return nil
	}
	return &ingressv1.Edit{
		ProviderMessageId: edit.Text("original_message_id"), Content: readContent(edit.Object("message"), nil),
	}
}

// readUnsend returns nil where nothing says which message it is about.
func readUnsend(m meta.Object) *ingressv1.Unsend {
	id := m.Object("revoke").Text("original_message_id")
	if id == "" {
		return nil
	}
	return &ingressv1.Unsend{ProviderMessageId: id}
}

func (i item) of(in *ingressv1.Inbound) *ingressv1.Item {
	return &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: in}, Raw: i.raw}
}

// echo reads what a person of the business wrote in the Business app.
func (i item) echo() *ingressv1.Item {
	o := i.object
	if o.Text("group_id") != "" {
		return i.ignored("group_message")
	}
	recipient := aliases(o.Text("to_user_id"), o.Text("to_parent_user_id"), o.Text("to"))
	if len(recipient) == 0 && o.Text("id") == "" {
		return i.unreadable("echo without recipient")
	}
	echo := &ingressv1.Echo{
		ProviderAccountId: i.account,
		ProviderMessageId: o.Text("id"),
		SentAt:            i.at,
		Recipient:         recipient,
	}
	switch o.Text("type") {
	case "reaction":
		return i.ignored("reaction_echo")
	case "edit":
		if echo.Edit = readEdit(o); echo.GetEdit() == nil {
			return i.unreadable("edit without an id")
		}
	case "revoke":
		if echo.Unsend = readUnsend(o); echo.GetUnsend() == nil {
			return i.unreadable("unsend without an id")
		}
	default:
		echo.Content = readContent(o, nil)
	}
	return &ingressv1.Item{Kind: &ingressv1.Item_Echo{Echo: echo}, Raw: i.raw}
}

// status reads how far a message of ours came.
func (i item) status() *ingressv1.Item {
	o := i.object
	if o.Text("recipient_type") == "group" || o.Text("group_id") != "" {
		return i.ignored("group_status")
	}
	var state eventv1.ReceiptState
	switch word := o.Text("status"); word {
	case "sent":
		state = eventv1.ReceiptState_RECEIPT_STATE_SENT
	case "delivered":
		state = eventv1.ReceiptState_RECEIPT_STATE_DELIVERED
	case "read", "played":
		state = eventv1.ReceiptState_RECEIPT_STATE_READ
	case "failed":
		state = eventv1.ReceiptState_RECEIPT_STATE_FAILED
	case "":
		return i.unreadable("status without a state")
	default:
		return i.ignored("status_" + word)
	}
	receipt := &ingressv1.Receipt{
		ProviderAccountId: i.account,
		ProviderMessageId: o.Text("id"),
		SendId:            o.Text("biz_opaque_callback_data"),
		State:             state,
		At:                i.at,
		Recipient: aliases(
			o.Text("recipient_user_id"), o.Text("recipient_parent_user_id"), o.Text("recipient_id")),
	}
	if receipt.GetProviderMessageId() == "" && receipt.GetSendId() == "" {
		return i.unreadable("status without an id")
	}
	if state == eventv1.ReceiptState_RECEIPT_STATE_FAILED {
		code, subcode, _ := firstError(o.Get("errors").Array())
		receipt.Error = &eventv1.SendError{Code: code, Subcode: subcode, Reason: "not_stated"}
		if code != 0 {
			receipt.Error.Reason = meta.Classify(Channel, code, subcode).Reason
		}
	}
	return &ingressv1.Item{Kind: &ingressv1.Item_Receipt{Receipt: receipt}, Raw: i.raw}
}

// preference reads that a customer allowed or forbade messages of a kind.
func (i item) preference() *ingressv1.Item {
	o := i.object
	i.who = i.people.complete(aliases(o.Text("user_id"), o.Text("parent_user_id"), o.Text("wa_id")))
	if len(i.who.aliases) == 0 {
		return i.unreadable("no sender")
	}
	value := o.Text("value")
	if value != "resume" && value != "stop" {
		return i.ignored("user_preferences")
	}
	in := i.inbound()
	in.Event = &ingressv1.Inbound_OptIn{OptIn: &ingressv1.OptIn{Topic: o.Text("category"), Allowed: value == "resume"}}
	return i.of(in)
}

// firstError returns the first of the errors that come with an item.
func firstError(errors []meta.Value) (code, subcode int64, words string) {
	if len(errors) == 0 {
		return 0, 0, ""
	}
	o := errors[0].Object()
	code, _ = o.Get("code").Int()
	subcode, _ = o.Get("error_subcode").Int()
	words = o.Object("error_data").Text("details")
	for _, key := range []string{"details", "message", "title"} {
		if words == "" {
			words = o.Text(key)
		}
	}
	return code, subcode, words
}
