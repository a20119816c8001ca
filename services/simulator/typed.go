package simulator

import (
	"cmp"
	"encoding/json"
	"strings"
)

// Typed is a message that a person sends: a text, or a text with something.
type Typed struct {
	// Integration is the id of a number, page or Instagram account, or the
	// channel's name if there is one of it.
	Integration string `json:"integration"`
	// Text is the text or the caption; the draft of a wa.me link if empty.
	Text    string `json:"text"`
	ReplyTo string `json:"reply_to"` // id of a message in the thread

	Media    *Attached `json:"media"`
	Location *Place    `json:"location"`
	Contacts []Card    `json:"contacts"` // WhatsApp
	Order    *Order    `json:"order"`    // WhatsApp
	Share    *Share    `json:"share"`    // Messenger and Instagram
	Story    *Story    `json:"story"`    // Instagram: the story that the text answers
	Ad       *Ad       `json:"ad"`       // the advertisement that the message came from
	Product  string    `json:"product"`  // the catalogue's product that the message is about
	// Forwarded marks a WhatsApp message as forwarded, Frequently as forwarded
	// often.
	Forwarded  bool `json:"forwarded"`
	Frequently bool `json:"frequently"`
	// Ephemeral sends an Instagram picture that disappears: it has no address.
	Ephemeral bool `json:"ephemeral"`
	// Unsupported sends what the business cannot get: on WhatsApp the subtype of
	// 131051, or "unavailable" for 131060; any text on Instagram.
	Unsupported string `json:"unsupported"`
	// Raw is merged into the message of the webhook as it is. On WhatsApp it
	// names a "type", as in {"type": "pin", "pin": {…}}.
	Raw json.RawMessage `json:"raw,omitempty"`
}

// Attached is a file that a person sends.
type Attached struct {
	Kind MediaKind `json:"kind"`
	// Data is the file, in base64 in JSON. If empty, a small one of the kind is
	// sent; Size makes it that long.
	Data []byte `json:"data"`
	Size int    `json:"size"`
	MIME string `json:"mime_type"`
	Name string `json:"name"`
	// Animated is for a WhatsApp sticker.
	Animated bool `json:"animated"`
}

// Place is a location.
type Place struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
	URL       string  `json:"url,omitempty"`
}

// Card is a contact that a person passes on.
type Card struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
	Email string `json:"email"`
}

// Order is a shopping cart.
type Order struct {
	Catalog string      `json:"catalog_id"`
	Text    string      `json:"text,omitempty"`
	Items   []OrderItem `json:"product_items"`
}

// OrderItem is a line of a shopping cart.
type OrderItem struct {
	Product  string  `json:"product_retailer_id"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"item_price"`
	Currency string  `json:"currency"`
}

// Share is a post, reel, story or page that a person passes on. Type is the
// attachment's: share, fallback, post, reel, ig_post, ig_reel, ig_story,
// story_mention, like_heart, or any other.
type Share struct {
	Type  string `json:"type"`
	URL   string `json:"url"`
	Title string `json:"title"`
	ID    string `json:"id"`
}

// Story is an Instagram story of the business.
type Story struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

// Ad is a click-to-message advertisement.
type Ad struct {
	ID       string `json:"id"`
	Ref      string `json:"ref"` // Messenger and Instagram
	Headline string `json:"headline"`
	Body     string `json:"body"`
	URL      string `json:"url"`
	Click    string `json:"ctwa_clid"` // WhatsApp
}

// Send types a message and presses send.
func (s *Simulator) Send(name string, typed Typed) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.threadOf(name, typed.Integration)
	if err != nil {
		return Message{}, err
	}
	m, err := s.typed(t, typed)
	if err != nil {
		return Message{}, err
	}
	s.touch()
	return *m, nil
}

func (s *Simulator) typed(t *thread, typed Typed) (*Message, error) {
	if err := typed.fits(t.in.channel); err != nil {
		return nil, err
	}
	if typed.only() {
		typed.Text = cmp.Or(typed.Text, t.draft)
		if typed.Text == "" {
			return nil, invalid("there is no text to send and no draft")
		}
	}
	if typed.ReplyTo != "" && t.find(typed.ReplyTo) == nil {
		return nil, notFound("message %q in this thread", typed.ReplyTo)
	}
	t.draft = ""
	var media *medium
	if typed.Media != nil {
		media = s.taken(t.in, *typed.Media)
	}
	m := Message{
		ID: s.inboundID(t), From: FromPerson, Type: typed.shown(), Text: typed.Text,
		ReplyTo: typed.ReplyTo, State: stateDelivered, At: s.now(),
	}
	if media != nil {
		m.show([]*medium{media})
	}
	if typed.Location != nil && m.Text == "" {
		p := typed.Location
		m.Text = strings.TrimSpace(p.Name + " " + p.Address)
	}
	kept := s.add(t, m)
	ref := t.ref
	if t.in.channel != ChannelMessenger { // Messenger gives it to Get Started alone
		t.ref = ""
	}
	if t.in.channel == ChannelWhatsApp {
		s.publish(s.whatsAppTyped(t, kept, typed, media))
	} else {
		if t.in.channel == ChannelMessenger {
			ref, t.ref = "", ""
		}
		s.publish(s.scopedTyped(t, kept, typed, media, ref))
	}
	return kept, nil
}

// only reports whether there is a text and nothing else.
func (y Typed) only() bool {
	return y.Media == nil && y.Location == nil && len(y.Contacts) == 0 && y.Order == nil && y.Share == nil &&
		!y.Ephemeral && y.Unsupported == "" && len(y.Raw) == 0
}

// fits refuses what the channel's app cannot send.
func (y Typed) fits(channel Channel) error {
	whatsApp := channel == ChannelWhatsApp
	switch {
	case whatsApp && (y.Share != nil || y.Story != nil || y.Ephemeral):
		return invalid("WhatsApp has no shares, stories and disappearing pictures here")
	case !whatsApp && (len(y.Contacts) > 0 || y.Order != nil || y.Forwarded || y.Frequently):
		return invalid("%s has no contacts, orders and forwards here", channel)
	case channel == ChannelInstagram && y.Location != nil:
		return invalid("Instagram sends no locations")
	case channel == ChannelMessenger && (y.Story != nil || y.Ephemeral || y.Unsupported != ""):
		return invalid("Messenger has no stories, disappearing pictures and unsupported messages here")
	case y.Media != nil && (y.Media.Size < 0 || y.Media.Size > largest):
		return invalid("a file of %d bytes", y.Media.Size)
	case len(y.Raw) > 0:
		var fields map[string]json.RawMessage
		if json.Unmarshal(y.Raw, &fields) != nil || (whatsApp && fields["type"] == nil) {
			return invalid("raw has to be an object, on WhatsApp with a type")
		}
	}
	if y.Media != nil {
		switch y.Media.Kind {
		case MediaImage, MediaVideo, MediaAudio, MediaVoice, MediaDocument, MediaSticker:
		default:
			return invalid("media of kind %q", y.Media.Kind)
		}
	}
	return nil
}

// shown is the type that the phone shows.
func (y Typed) shown() string {
	switch {
	case y.Media != nil:
		return string(y.Media.Kind)
	case y.Location != nil:
		return "location"
	case len(y.Contacts) > 0:
		return "contacts"
	case y.Order != nil:
		return "order"
	case y.Share != nil:
		return y.Share.Type
	case y.Ephemeral:
		return "ephemeral"
	case y.Unsupported != "":
		return "unsupported"
	case len(y.Raw) > 0:
		return "raw"
	}
	return "text"
}

// taken keeps a file that a person sends. s.mu is held.
func (s *Simulator) taken(in *integration, a Attached) *medium {
	mime, data := sample(a.Kind)
	if len(a.Data) > 0 {
		data = a.Data
	} else if a.Size > len(data) {
		data = append(data, make([]byte, a.Size-len(data))...)
	}
	return s.keepMedium(in, a.Kind, cmp.Or(a.MIME, mime), a.Name, data, receivedMediaLife)
}
