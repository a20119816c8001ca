package meta

import (
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// event is one item with what all kinds of it have.
type event struct {
	grammar   Messaging
	object    Object
	account   string
	sender    Object
	recipient Object
	at        *timestamppb.Timestamp
	raw       Value
}

func (e event) ignored(what string) []*ingressv1.Item { return one(ignored(what, e.account, e.raw)) }

func (e event) unreadable(reason string) []*ingressv1.Item {
	item := unreadable(reason, e.account, e.at, e.raw)
	if !e.fromAccount() && !e.object.Object("message").Get("is_echo").True() {
		item.GetUnreadable().Sender = e.aliases(e.sender)
	}
	return one(item)
}

// fromAccount says that the item reports what the business itself did.
func (e event) fromAccount() bool {
	id := e.sender.Text("id")
	return id != "" && id == e.account
}

// aliases returns the addresses of a participant.
func (e event) aliases(participant Object) []*eventv1.Alias {
	if id := participant.Text("id"); id != "" {
		return []*eventv1.Alias{{Kind: e.grammar.Alias, Value: id}}
	}
	if ref := participant.Text("user_ref"); ref != "" {
		return []*eventv1.Alias{{Kind: "user_ref", Value: ref}}
	}
	return nil
}

// inbound returns the item for something that the customer did. id is the
// event's own id, empty where it has none.
func (e event) inbound(id string, set func(*ingressv1.Inbound)) []*ingressv1.Item {
	sender := e.aliases(e.sender)
	if len(sender) == 0 {
		return e.unreadable("no sender")
	}
	in := &ingressv1.Inbound{ProviderAccountId: e.account, ProviderMessageId: id, SentAt: e.at, Sender: sender}
	name := e.sender.Text("name")
	username := strings.TrimPrefix(e.sender.Text("username"), "@")
	if name != "" || username != "" {
		in.Profile = &eventv1.Profile{Name: name, Username: username}
	}
	set(in)
	return one(&ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: in}, Raw: e.raw})
}

func (e event) content(id string, content *eventv1.Content) []*ingressv1.Item {
	return e.inbound(id, func(in *ingressv1.Inbound) { in.Event = &ingressv1.Inbound_Message{Message: content} })
}

func (e event) message(v Value) []*ingressv1.Item {
	m := v.Object()
	id := m.Text("mid")
	switch {
	case len(m) == 0:
		return e.unreadable("empty message")
	case m.Get("is_self").True():
		return e.ignored("is_self")
	case len(m.Get("attachments").Array()) > MaxList:
		return e.unreadable("too many attachments")
	case m.Get("is_echo").True() || e.fromAccount():
		return e.echo(id, m)
	case m.Get("is_deleted").True():
		if id == "" {
			return e.unreadable("unsend without an id")
		}
		return e.inbound("", func(in *ingressv1.Inbound) {
			in.Event = &ingressv1.Inbound_Unsend{Unsend: &ingressv1.Unsend{ProviderMessageId: id}}
		})
	case e.isLeadSummary():
		// The provider wrote it from a form; the customer did not.
		return e.ignored("lead_summary")
	}
	content := e.grammar.content(m)
	if id == "" && len(content.GetParts()) == 0 {
		return e.unreadable("message without id and content")
	}
	return e.content(id, orPlaceholder(content, "", "message without content"))
}

// isLeadSummary says that one of the hops that brought the message is the
// provider's form for leads.
func (e event) isLeadSummary() bool {
	hops := e.object.Get("hop_context")
	list := hops.Array()
	if hops.IsObject() {
		list = []Value{hops}
	}
	for _, hop := range list {
		if strings.Contains(hop.Object().Text("metadata"), "lead_gen") {
			return true
		}
	}
	return false
}

func (e event) echo(id string, m Object) []*ingressv1.Item {
	recipient := e.aliases(e.recipient)
	send := m.Text("metadata")
	if len(recipient) == 0 && id == "" && send == "" {
		return e.unreadable("echo without recipient")
	}
	echo := e.echoed(m)
	if m.Get("is_deleted").True() {
		if id == "" {
			return e.unreadable("unsend without an id")
		}
		echo.Unsend = &ingressv1.Unsend{ProviderMessageId: id}
	} else {
		echo.ProviderMessageId = id
		echo.Content = orPlaceholder(e.grammar.content(m), "", "message without content")
		echo.SendId = send
	}
	return one(&ingressv1.Item{Raw: e.raw, Kind: &ingressv1.Item_Echo{Echo: echo}})
}

// echoed returns what all echoes have.
func (e event) echoed(m Object) *ingressv1.Echo {
	return &ingressv1.Echo{
		ProviderAccountId: e.account, SentAt: e.at, Recipient: e.aliases(e.recipient), ProviderAppId: m.Text("app_id"),
	}
}

func (e event) postback(v Value) []*ingressv1.Item {
	p := v.Object()
	if len(p) == 0 {
		return e.unreadable("empty postback")
	}
	return e.content(p.Text("mid"), &eventv1.Content{
		Parts: []*eventv1.Part{{Kind: &eventv1.Part_Postback{Postback: &eventv1.Postback{
			Payload: p.Text("payload"), Title: p.Text("title"),
		}}}},
		Referral: readReferral(p.Object("referral")),
	})
}

func (e event) reaction(v Value) []*ingressv1.Item {
	r := v.Object()
	id := r.Text("mid")
	switch {
	case id == "":
		return e.unreadable("reaction without an id")
	case e.fromAccount():
		return e.ignored("reaction_echo")
	}
	emoji := r.Text("emoji")
	if emoji == "" {
		emoji = reactionEmoji(r.Text("reaction"))
	}
	switch action := r.Text("action"); {
	case action == "unreact":
		emoji = ""
	case action != "react" && action != "":
		return e.unreadable("reaction with an unknown action")
	case emoji == "":
		return e.unreadable("reaction without an emoji")
	}
	return e.inbound("", func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_Reaction{Reaction: &ingressv1.Reaction{ProviderMessageId: id, Emoji: emoji}}
	})
}

// reactionEmoji returns what a reaction that has only a name looks like, or the
// name itself.
func reactionEmoji(name string) string {
	switch name {
	case "love":
		return "❤️"
	case "smile":
		return "😆"
	case "wow":
		return "😮"
	case "sad":
		return "😢"
	case "angry":
		return "😠"
	case "like", "yes":
		return "👍"
	case "dislike", "no":
		return "👎"
	}
	return name
}

func (e event) edit(v Value) []*ingressv1.Item {
	m := v.Object()
	id := m.Text("mid")
	if id == "" {
		return e.unreadable("edit without an id")
	}
	number, ok := m.Get("num_edit").Int()
	if !ok || number < 0 || number > 1<<31 {
		number = 0
	}
	edit := &ingressv1.Edit{
		ProviderMessageId: id, Number: uint32(number),
		Content: orPlaceholder(e.grammar.content(m), "edit", "edit without text"),
	}
	if e.fromAccount() || m.Get("is_echo").True() {
		echo := e.echoed(m)
		echo.Edit = edit
		return one(&ingressv1.Item{Raw: e.raw, Kind: &ingressv1.Item_Echo{Echo: echo}})
	}
	return e.inbound("", func(in *ingressv1.Inbound) { in.Event = &ingressv1.Inbound_Edit{Edit: edit} })
}

func (e event) referral(v Value) []*ingressv1.Item {
	ref := readReferral(v.Object())
	if ref == nil {
		return e.unreadable("empty referral")
	}
	return e.inbound("", func(in *ingressv1.Inbound) { in.Event = &ingressv1.Inbound_Referral{Referral: ref} })
}

// readReferral returns nil where there is none.
func readReferral(r Object) *eventv1.Referral {
	if len(r) == 0 {
		return nil
	}
	ad, product := r.Object("ads_context_data"), r.Object("product")
	return &eventv1.Referral{
		Ref:       r.Text("ref"),
		Source:    r.Text("source"),
		Type:      r.Text("type"),
		AdId:      r.Text("ad_id"),
		Url:       or(r.Text("referer_uri"), r.Text("source_url")),
		Headline:  ad.Text("ad_title"),
		ProductId: or(product.Text("id"), ad.Text("product_id")),
	}
}

func (e event) optIn(v Value) []*ingressv1.Item {
	o := v.Object()
	if len(o) == 0 {
		return e.unreadable("empty opt-in")
	}
	if len(e.aliases(e.sender)) == 0 && o.Has("user_ref") {
		e.sender = o
	}
	status := strings.ToUpper(or(o.Text("notification_messages_status"), o.Text("user_token_status")))
	in := &ingressv1.OptIn{
		Topic:   or(o.Text("type"), "optin"),
		Allowed: !strings.HasPrefix(status, "STOP"),
		Payload: or(o.Text("payload"), o.Text("ref")),
	}
	return e.inbound("", func(i *ingressv1.Inbound) { i.Event = &ingressv1.Inbound_OptIn{OptIn: in} })
}

func (e event) delivery(v Value) []*ingressv1.Item {
	var ids []string
	for _, mid := range v.Object().Get("mids").Array() {
		if id := mid.Text(); id != "" {
			ids = append(ids, id)
		}
	}
	return e.receipts(eventv1.ReceiptState_RECEIPT_STATE_DELIVERED, ids, v.Object())
}

func (e event) read(v Value) []*ingressv1.Item {
	var ids []string
	if id := v.Object().Text("mid"); id != "" {
		ids = []string{id}
	}
	return e.receipts(eventv1.ReceiptState_RECEIPT_STATE_READ, ids, v.Object())
}

// maxReceipts bounds how many receipts one item may become. Each keeps the whole
// item's bytes.
const maxReceipts = 100

// receipts returns one receipt for each id, or one for the watermark where there
// is no id, or too many: the watermark says the same of them.
func (e event) receipts(state eventv1.ReceiptState, ids []string, o Object) []*ingressv1.Item {
	watermark, ok := o.Get("watermark").Time()
	if len(ids) == 0 || len(ids) > maxReceipts {
		if !ok || watermark == nil {
			return e.unreadable("receipt without id and watermark")
		}
		ids = []string{""}
	}
	if e.fromAccount() {
		return e.ignored("receipt_echo")
	}
	var items []*ingressv1.Item
	for _, id := range ids {
		items = append(items, &ingressv1.Item{Raw: e.raw, Kind: &ingressv1.Item_Receipt{Receipt: &ingressv1.Receipt{
			ProviderAccountId: e.account,
			ProviderMessageId: id,
			Watermark:         watermark,
			State:             state,
			At:                e.at,
			Recipient:         e.aliases(e.sender),
		}}})
	}
	return items
}

func (e event) order(v Value) []*ingressv1.Item {
	o := v.Object()
	order := &eventv1.Order{Text: o.Text("note")}
	products := o.Get("products").Array()
	if len(products) > MaxList {
		return e.unreadable("too many products")
	}
	for _, p := range products {
		product := p.Object()
		quantity, _ := product.Get("quantity").Float()
		order.Items = append(order.Items, &eventv1.OrderItem{
			ProductId: or(product.Text("retailer_id"), product.Text("id")),
			Quantity:  quantity,
			Price:     product.Text("unit_price"),
			Currency:  product.Text("currency"),
		})
	}
	if len(order.GetItems()) == 0 {
		return e.unreadable("order without products")
	}
	return e.content(o.Text("mid"), &eventv1.Content{Parts: []*eventv1.Part{OrderPart(order)}})
}

func (e event) customerInformation(Value) []*ingressv1.Item {
	return e.content("", &eventv1.Content{Parts: []*eventv1.Part{
		UnsupportedPart("messaging_customer_information", 0, "a form that this version cannot show"),
	}})
}
