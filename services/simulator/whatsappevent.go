package simulator

import (
	"encoding/json"
	"fmt"
)

type whatsAppChange struct {
	Value whatsAppValue `json:"value"`
	Field string        `json:"field"`

	extra map[string]json.RawMessage // of the value
}

// MarshalJSON adds what the value has beside the usual fields.
func (c whatsAppChange) MarshalJSON() ([]byte, error) {
	value, err := withExtra(c.Value, c.extra)
	if err != nil {
		return nil, err
	}
	return plainJSON(struct {
		Value json.RawMessage `json:"value"`
		Field string          `json:"field"`
	}{value, c.Field})
}

type whatsAppValue struct {
	MessagingProduct string               `json:"messaging_product"`
	Metadata         whatsAppMetadata     `json:"metadata"`
	Contacts         []whatsAppContact    `json:"contacts,omitempty"`
	Messages         []whatsAppMessage    `json:"messages,omitempty"`
	Echoes           []whatsAppMessage    `json:"message_echoes,omitempty"`
	Statuses         []whatsAppStatus     `json:"statuses,omitempty"`
	UserIDUpdate     []whatsAppUserUpdate `json:"user_id_update,omitempty"`
}

type whatsAppMetadata struct {
	DisplayPhoneNumber string `json:"display_phone_number"`
	PhoneNumberID      string `json:"phone_number_id"`
}

type whatsAppContact struct {
	Profile      whatsAppProfile `json:"profile"`
	WaID         string          `json:"wa_id,omitempty"`
	UserID       string          `json:"user_id,omitempty"`
	ParentUserID string          `json:"parent_user_id,omitempty"`
	KeyHash      string          `json:"identity_key_hash,omitempty"`
}

type whatsAppProfile struct {
	Name     string `json:"name"`
	Username string `json:"username,omitempty"`
}

type whatsAppMessage struct {
	Context          *whatsAppContext     `json:"context,omitempty"`
	From             string               `json:"from,omitempty"`
	FromUserID       string               `json:"from_user_id,omitempty"`
	FromParentUserID string               `json:"from_parent_user_id,omitempty"`
	To               string               `json:"to,omitempty"`
	ToUserID         string               `json:"to_user_id,omitempty"`
	ID               string               `json:"id"`
	Timestamp        string               `json:"timestamp"`
	Type             string               `json:"type"`
	Text             *whatsAppText        `json:"text,omitempty"`
	Interactive      *whatsAppInteractive `json:"interactive,omitempty"`
	Reaction         *whatsAppReaction    `json:"reaction,omitempty"`
	System           *whatsAppSystem      `json:"system,omitempty"`

	extra map[string]json.RawMessage
}

type whatsAppContext struct {
	From       string           `json:"from,omitempty"`
	ID         string           `json:"id,omitempty"`
	Forwarded  bool             `json:"forwarded,omitempty"`
	Frequently bool             `json:"frequently_forwarded,omitempty"`
	Product    *whatsAppProduct `json:"referred_product,omitempty"`
}

type whatsAppProduct struct {
	Catalog string `json:"catalog_id"`
	Product string `json:"product_retailer_id"`
}

type whatsAppText struct {
	Body string `json:"body"`
}

type whatsAppInteractive struct {
	Type        string         `json:"type"`
	ButtonReply *whatsAppReply `json:"button_reply,omitempty"`
	ListReply   *whatsAppReply `json:"list_reply,omitempty"`
}

type whatsAppReply struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

type whatsAppReaction struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

type whatsAppSystem struct {
	Body   string `json:"body"`
	WaID   string `json:"wa_id,omitempty"`
	UserID string `json:"user_id,omitempty"`
	Type   string `json:"type"`
}

type whatsAppUserUpdate struct {
	WaID      string           `json:"wa_id,omitempty"`
	Detail    string           `json:"detail"`
	UserID    whatsAppUserPair `json:"user_id"`
	Timestamp string           `json:"timestamp"`
}

type whatsAppUserPair struct {
	Previous string `json:"previous"`
	Current  string `json:"current"`
}

type whatsAppStatus struct {
	ID                    string          `json:"id"`
	Status                string          `json:"status"`
	Timestamp             string          `json:"timestamp"`
	RecipientID           string          `json:"recipient_id,omitempty"`
	RecipientUserID       string          `json:"recipient_user_id,omitempty"`
	RecipientParentUserID string          `json:"recipient_parent_user_id,omitempty"`
	KeyHash               string          `json:"recipient_identity_key_hash,omitempty"`
	Opaque                string          `json:"biz_opaque_callback_data,omitempty"`
	Pricing               *whatsAppPrice  `json:"pricing,omitempty"`
	Errors                []whatsAppError `json:"errors,omitempty"`
}

type whatsAppPrice struct {
	Billable bool   `json:"billable"`
	Model    string `json:"pricing_model"`
	Category string `json:"category"`
	Type     string `json:"type"`
}

// priceOf is what the provider says that a message costs: those of a person's
// open window are free, templates are not.
func priceOf(m *Message) *whatsAppPrice {
	if m.price == "" {
		return &whatsAppPrice{Model: "PMP", Category: "service", Type: "free_customer_service"}
	}
	return &whatsAppPrice{Billable: true, Model: "PMP", Category: m.price, Type: "regular"}
}

type whatsAppError struct {
	Code      int       `json:"code"`
	Title     string    `json:"title"`
	Message   string    `json:"message"`
	ErrorData ErrorData `json:"error_data"`
	Href      string    `json:"href"`
}

// whatsAppMessage returns the message that m is to the business.
func (s *Simulator) whatsAppMessage(t *thread, m *Message, kind string) whatsAppMessage {
	w := whatsAppMessage{ID: m.ID, Timestamp: seconds(m), Type: kind}
	id := t.person.WhatsApp
	if id.Mode != ModeUsername {
		w.From = id.Phone
	}
	if id.Mode != ModePhone {
		w.FromUserID, w.FromParentUserID = id.BSUID, id.ParentBSUID
	}
	return w
}

// whatsAppEvent wraps messages of a person with the contact that they carry.
func (s *Simulator) whatsAppEvent(t *thread, name string, messages ...whatsAppMessage) event {
	value := whatsAppValue{Contacts: []whatsAppContact{contactOf(t.person)}, Messages: messages}
	value.Contacts[0].KeyHash = s.keyHash(t)
	return whatsAppChangeOf(t.in, name, "messages", value)
}

func whatsAppChangeOf(in *integration, name, field string, value whatsAppValue) event {
	value.MessagingProduct = "whatsapp"
	value.Metadata = whatsAppMetadata{DisplayPhoneNumber: in.account, PhoneNumberID: in.id}
	return event{name: name, in: in, field: field, body: whatsAppChange{Value: value, Field: field}}
}

func contactOf(p *person) whatsAppContact {
	c := whatsAppContact{Profile: whatsAppProfile{Name: p.Name, Username: p.WhatsApp.Username}}
	if p.WhatsApp.Mode != ModeUsername {
		c.WaID = p.WhatsApp.Phone
	}
	if p.WhatsApp.Mode != ModePhone {
		c.UserID, c.ParentUserID = p.WhatsApp.BSUID, p.WhatsApp.ParentBSUID
	}
	return c
}

// status returns the status webhook of m; fault is the reason of a failed one.
func (s *Simulator) status(t *thread, m *Message, status string, fault *GraphError) event {
	id := t.person.WhatsApp
	st := whatsAppStatus{ID: m.ID, Status: status, Timestamp: fmt.Sprint(s.now().Unix()), Opaque: m.opaque, KeyHash: s.keyHash(t)}
	if status == "sent" {
		st.Pricing = priceOf(m)
	}
	if !m.bsuid || id.Mode != ModeUsername {
		st.RecipientID = id.Phone
	}
	if id.Mode != ModePhone && (status != "failed" || m.bsuid) {
		st.RecipientUserID, st.RecipientParentUserID = id.BSUID, id.ParentBSUID
	}
	value := whatsAppValue{}
	if status != "failed" && id.Mode != ModePhone {
		value.Contacts = []whatsAppContact{contactOf(t.person)}
		if st.RecipientID == "" {
			value.Contacts[0].WaID = ""
		}
	}
	return statusEvent(t.in, st, value, fault)
}

// strayStatus is the failed status of a message to an address that nobody has.
func (s *Simulator) strayStatus(in *integration, m *Message, to string, fault *GraphError) event {
	st := whatsAppStatus{ID: m.ID, Status: "failed", Timestamp: fmt.Sprint(s.now().Unix()), Opaque: m.opaque}
	if m.bsuid {
		st.RecipientUserID = to
	} else {
		st.RecipientID = to
	}
	return statusEvent(in, st, whatsAppValue{}, fault)
}

func statusEvent(in *integration, st whatsAppStatus, value whatsAppValue, fault *GraphError) event {
	if fault != nil {
		e := whatsAppError{
			Code: fault.Code, Title: fault.title(), Message: fault.title(),
			Href: "/documentation/business-messaging/whatsapp/support/error-codes",
		}
		if fault.Data != nil {
			e.ErrorData = ErrorData{Details: fault.Data.Details}
		}
		st.Errors = []whatsAppError{e}
	}
	value.Statuses = []whatsAppStatus{st}
	return whatsAppChangeOf(in, "status."+st.Status, "messages", value)
}

// authorOf returns the address of who wrote a message, as context.from has it.
func (s *Simulator) authorOf(t *thread, id string) string {
	if m := t.find(id); m != nil && m.From == FromPerson {
		return s.addressOf(t.person, t.in)
	}
	return t.in.account
}

func seconds(m *Message) string { return fmt.Sprint(m.At.Unix()) }
