package whatsapp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/meta"
)

// readContent returns what a message says, with a placeholder where it says
// nothing that can be shown. The errors are those of the change around it.
func readContent(m meta.Object, around []meta.Value) *eventv1.Content {
	c := &eventv1.Content{Referral: readReferral(m.Object("referral"))}
	context := m.Object("context")
	if id := context.Text("id"); id != "" {
		c.ReplyTo = &eventv1.ReplyTo{ProviderMessageId: id}
	}
	c.ForwardedOften = context.Get("frequently_forwarded").True()
	c.Forwarded = context.Get("forwarded").True() || c.GetForwardedOften()
	if product := context.Object("referred_product"); len(product) > 0 {
		if c.GetReferral() == nil {
			c.Referral = &eventv1.Referral{}
		}
		c.Referral.ProductId = product.Text("product_retailer_id")
		c.Referral.CatalogId = product.Text("catalog_id")
	}
	part := readPart(m)
	if part == nil {
		part = placeholder(m, around)
	}
	c.Parts = []*eventv1.Part{part}
	return c
}

// placeholder stands for a message that cannot be shown.
func placeholder(m meta.Object, around []meta.Value) *eventv1.Part {
	kind := m.Text("type")
	switch kind {
	case "unsupported":
		kind = m.Object("unsupported").Text("type")
	case "interactive":
		if inner := m.Object("interactive").Text("type"); inner != "" {
			kind = inner
		}
	}
	errors := m.Get("errors").Array()
	if len(errors) == 0 {
		errors = around
	}
	code, _, words := firstError(errors)
	if words == "" {
		words = "nothing in it that this version can show"
	}
	return meta.UnsupportedPart(kind, code, words)
}

// readPart returns the one part of a message, or nil where its type is not
// known or what belongs to the type is not there.
func readPart(m meta.Object) *eventv1.Part {
	kind := m.Text("type")
	body := m.Object(kind)
	switch kind {
	case "text":
		if text := body.Text("body"); text != "" {
			return meta.TextPart(text)
		}
	case "image", "video", "audio", "voice", "document", "sticker":
		return readMedia(kind, body)
	case "location":
		part, ok := meta.LocationPart(body.Get("latitude"), body.Get("longitude"), &eventv1.Location{
			Name: body.Text("name"), Address: body.Text("address"), Url: body.Text("url"),
		})
		if ok {
			return part
		}
	case "contacts":
		return readCards(m.Get("contacts").Array())
	case "interactive":
		return readInteractive(body)
	case "button":
		if len(body) > 0 {
			return meta.AnswerPart(&eventv1.Answer{
				Kind:    eventv1.AnswerKind_ANSWER_KIND_TEMPLATE_BUTTON,
				Payload: body.Text("payload"), Title: body.Text("text"),
			})
		}
	case "order":
		return readOrder(body)
	}
	return nil
}

func readMedia(kind string, o meta.Object) *eventv1.Part {
	m := &eventv1.Media{
		MimeType:        o.Text("mime_type"),
		ProviderMediaId: o.Text("id"),
		ProviderUrl:     o.Text("url"),
		Sha256:          readHash(o.Text("sha256")),
		FileName:        o.Text("filename"),
		Caption:         o.Text("caption"),
		Animated:        o.Get("animated").True(),
	}
	if m.GetProviderMediaId() == "" && m.GetProviderUrl() == "" {
		return nil
	}
	switch kind {
	case "image":
		m.Kind = eventv1.MediaKind_MEDIA_KIND_IMAGE
	case "video":
		m.Kind = eventv1.MediaKind_MEDIA_KIND_VIDEO
	case "audio":
		m.Kind = eventv1.MediaKind_MEDIA_KIND_AUDIO
		if o.Get("voice").True() {
			m.Kind = eventv1.MediaKind_MEDIA_KIND_VOICE
		}
	case "voice":
		m.Kind = eventv1.MediaKind_MEDIA_KIND_VOICE
	case "sticker":
		m.Kind = eventv1.MediaKind_MEDIA_KIND_STICKER
	default:
		m.Kind = eventv1.MediaKind_MEDIA_KIND_DOCUMENT
	}
	return meta.MediaPart(m)
}

// readHash returns the 32 bytes of a SHA-256, or nil.
func readHash(s string) []byte {
	hash, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil || len(hash) != 32 {
		return nil
	}
	return hash
}

func readCards(list []meta.Value) *eventv1.Part {
	if len(list) > meta.MaxList {
		return nil
	}
	cards := &eventv1.ContactCards{}
	for _, v := range list {
		if !v.IsObject() {
			continue
		}
		o := v.Object()
		name := o.Object("name")
		card := &eventv1.ContactCard{
			Name:         name.Text("formatted_name"),
			Organisation: o.Object("org").Text("company"),
			Vcard:        o.Text("vcard"),
			Json:         compact(v),
		}
		if card.GetName() == "" {
			card.Name = strings.TrimSpace(name.Text("first_name") + " " + name.Text("last_name"))
		}
		for _, phone := range o.Get("phones").Array() {
			p := phone.Object()
			if number := p.Text("phone"); number != "" {
				card.Phones = append(card.Phones, number)
			} else if id := p.Text("wa_id"); id != "" {
				card.Phones = append(card.Phones, "+"+id)
			}
		}
		for _, email := range o.Get("emails").Array() {
			if address := email.Object().Text("email"); address != "" {
				card.Emails = append(card.Emails, address)
			}
		}
		if o.Text("origin") == "contact_request" {
			cards.Requested = true
		}
		cards.Cards = append(cards.Cards, card)
	}
	if len(cards.GetCards()) == 0 {
		return nil
	}
	return &eventv1.Part{Kind: &eventv1.Part_Contacts{Contacts: cards}}
}

// compact returns JSON as valid UTF-8 without space around its parts.
func compact(v meta.Value) string {
	var b bytes.Buffer
	if err := json.Compact(&b, v); err != nil {
		return ""
	}
	return strings.ToValidUTF8(b.String(), "\ufffd")
}

func readInteractive(o meta.Object) *eventv1.Part {
	kind := o.Text("type")
	body := o.Object(kind)
	if len(body) == 0 {
		return nil
	}
	switch kind {
	case "button_reply":
		return meta.AnswerPart(&eventv1.Answer{
			Kind:    eventv1.AnswerKind_ANSWER_KIND_BUTTON,
			Payload: body.Text("id"), Title: body.Text("title"),
		})
	case "list_reply":
		return meta.AnswerPart(&eventv1.Answer{
			Kind:    eventv1.AnswerKind_ANSWER_KIND_LIST,
			Payload: body.Text("id"), Title: body.Text("title"), Description: body.Text("description"),
		})
	case "nfm_reply":
		form := body.Text("response_json")
		if answers := body.Get("response_json"); answers.IsObject() {
			form = compact(answers)
		}
		return meta.AnswerPart(&eventv1.Answer{
			Kind:  eventv1.AnswerKind_ANSWER_KIND_FORM,
			Title: body.Text("body"), FormName: body.Text("name"), FormJson: form,
		})
	}
	return nil
}

func readOrder(o meta.Object) *eventv1.Part {
	order := &eventv1.Order{CatalogId: o.Text("catalog_id"), Text: o.Text("text")}
	products := o.Get("product_items").Array()
	if len(products) > meta.MaxList {
		return nil
	}
	for _, v := range products {
		p := v.Object()
		quantity, _ := p.Get("quantity").Float()
		order.Items = append(order.Items, &eventv1.OrderItem{
			ProductId: p.Text("product_retailer_id"), Quantity: quantity,
			Price: p.Text("item_price"), Currency: p.Text("currency"),
		})
	}
	if order.GetCatalogId() == "" && len(order.GetItems()) == 0 {
		return nil
	}
	return meta.OrderPart(order)
}

// readReferral returns nil where there is none.
func readReferral(r meta.Object) *eventv1.Referral {
	if len(r) == 0 {
		return nil
	}
	referral := &eventv1.Referral{
		Type:     r.Text("source_type"),
		ClickId:  r.Text("ctwa_clid"),
		Url:      r.Text("source_url"),
		Headline: r.Text("headline"),
		Body:     r.Text("body"),
	}
	if referral.GetType() != "post" {
		referral.AdId = r.Text("source_id")
	}
	return referral
}
