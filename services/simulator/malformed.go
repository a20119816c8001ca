package simulator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// malformed are bodies that a callback has to survive. All of them carry a
// valid signature but "forged", which looks well and is signed with a wrong
// secret.
var malformed = map[string]string{
	"empty":          "",
	"null":           "null",
	"array":          "[]",
	"text":           "hello",
	"truncated":      `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"messages":[{"from":"1","id":"wamid`,
	"object_entry":   `{"object":"page","entry":{"id":"1"}}`,
	"no_values":      `{"object":"page","entry":[{"id":"1","time":1520383571,"changed_fields":["messages"]}]}`,
	"other_object":   `{"object":"user","entry":[{"id":"1","uid":"1","time":1520383571,"changes":[{"field":"photos","value":{"verb":"update"}}]}]}`,
	"nulls":          `{"object":"page","entry":[null,{"id":"1","messaging":[null,{"sender":null,"recipient":null,"message":null}]}]}`,
	"wrong_types":    `{"object":"instagram","entry":[{"id":1,"time":"now","messaging":[{"sender":7,"recipient":[],"timestamp":{},"message":"hi"}]}]}`,
	"bad_utf8":       "{\"object\":\"page\",\"entry\":[{\"id\":\"\xff\xfe\",\"messaging\":[{\"message\":{\"mid\":\"m\",\"text\":\"\xc3\x28\"}}]}]}",
	"lone_surrogate": `{"object":"page","entry":[{"id":"1","messaging":[{"message":{"mid":"m","text":"\ud83d"}}]}]}`,
	"duplicate_keys": `{"object":"page","object":"instagram","entry":[{"id":"1","messaging":[]}],"entry":[]}`,
	"unknown_event":  `{"object":"page","entry":[{"id":"1","time":1,"messaging":[{"sender":{"id":"1"},"recipient":{"id":"1"},"timestamp":1,"hologram":{"id":"1"}}]}]}`,
	"deep":           `{"object":"page","entry":` + "<deep>" + `}`,
	"forged":         "<forged>",
}

const depth = 5000

// MalformedKinds are the names of the bodies that PostMalformed knows.
func MalformedKinds() []string { return slices.Sorted(maps.Keys(malformed)) }

// PostMalformed posts a body that is no webhook, once. It returns ErrInvalid
// for a kind that is not one of MalformedKinds.
func (s *Simulator) PostMalformed(app, kind string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app(app) == nil {
		return notFound("app %q", app)
	}
	if _, ok := malformed[kind]; !ok {
		return invalid("malformed kind %q is none of %s", kind, strings.Join(MalformedKinds(), ", "))
	}
	s.pushMalformed(app, kind)
	s.touch()
	return nil
}

// pushMalformed queues a body of a kind that exists. s.mu is held.
func (s *Simulator) pushMalformed(app, kind string) {
	body := malformed[kind]
	switch kind {
	case "deep":
		body = strings.Replace(body, "<deep>", strings.Repeat("[", depth)+strings.Repeat("]", depth), 1)
	case "forged":
		body = s.forgery(app)
	}
	now := s.now()
	s.push(item{
		app: app, name: "malformed." + kind, body: []byte(body), raw: true, once: true, forged: kind == "forged",
		due: now, created: now,
	})
}

// forgery is a message to one of the app's accounts from somebody who does not
// exist. s.mu is held.
func (s *Simulator) forgery(app string) string {
	for _, id := range slices.Sorted(maps.Keys(s.integrations)) {
		in := s.integrations[id]
		switch {
		case in.app != app:
		case in.channel == ChannelWhatsApp:
			return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"%s","changes":[{"value":{"messaging_product":"whatsapp",`+
				`"metadata":{"display_phone_number":"%s","phone_number_id":"%s"},"contacts":[{"profile":{"name":"Nobody"},"wa_id":"15550999999"}],`+
				`"messages":[{"from":"15550999999","id":"wamid.forged","timestamp":"%d","type":"text","text":{"body":"forged"}}]},"field":"messages"}]}]}`,
				in.entry, in.account, in.id, s.now().Unix())
		default:
			object := map[Channel]string{ChannelMessenger: "page", ChannelInstagram: "instagram"}[in.channel]
			return fmt.Sprintf(`{"object":"%s","entry":[{"id":"%s","time":%d,"messaging":[{"sender":{"id":"999999999"},"recipient":{"id":"%s"},`+
				`"timestamp":%d,"message":{"mid":"m_forged","text":"forged"}}]}]}`, object, in.entry, s.now().UnixMilli(), in.id, s.now().UnixMilli())
		}
	}
	return `{"object":"page","entry":[]}`
}

// Test posts what the dashboard's button "Test" posts for a field, "messages"
// if empty: made-up ids that belong to nobody.
func (s *Simulator) Test(integration, field string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, err := s.findIntegration(integration)
	if err != nil {
		return err
	}
	field = cmp.Or(field, "messages")
	content, known := map[string]string{
		"messages":            `"message":{"mid":"test_message_id","text":"test_message","commands":[{"name":"command123"}]}`,
		"messaging_postbacks": `"postback":{"mid":"test_message_id","title":"Test","payload":"test_payload"}`,
		"message_reactions":   `"reaction":{"mid":"test_message_id","action":"react","reaction":"love","emoji":"\u2764"}`,
		"messaging_referral":  `"referral":{"ref":"test_ref","source":"SHORTLINK","type":"OPEN_THREAD"}`,
		"messaging_seen":      `"read":{"mid":"test_message_id"}`,
	}[field]
	now := s.now().Unix()
	var body string
	switch {
	case in.channel == ChannelWhatsApp && field == "messages":
		body = `{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
			`"metadata":{"display_phone_number":"16505551111","phone_number_id":"123456123"},"contacts":[{"profile":{"name":"test user name"},"wa_id":"16315551181"}],` +
			`"messages":[{"from":"16315551181","id":"ABGGFlA5Fpa","timestamp":"1504902988","type":"text","text":{"body":"this is a text message"}}]}}]}]}`
	case in.channel == ChannelWhatsApp:
		body = fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"0","time":%d,"changes":[{"field":%q,"value":{"event":"TEST"}}]}]}`, now, field)
	case !known:
		return invalid("there is no test of the field %q", field)
	default:
		object := map[Channel]string{ChannelMessenger: "page", ChannelInstagram: "instagram"}[in.channel]
		body = fmt.Sprintf(`{"object":"%s","entry":[{"id":"0","time":%d,"changes":[{"field":"%s","value":{"sender":{"id":"12334"},"recipient":{"id":"23245"},`+
			`"timestamp":"1527459824",%s}}]}]}`, object, now, field, content)
	}
	s.push(item{app: in.app, name: "test", body: []byte(body), raw: true, once: true, due: s.now(), created: s.now()})
	s.touch()
	return nil
}
