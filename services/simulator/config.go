package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
)

// Channel is a kind of integration.
type Channel string

// The three channels.
const (
	ChannelWhatsApp  Channel = "whatsapp"
	ChannelMessenger Channel = "messenger"
	ChannelInstagram Channel = "instagram"
)

// Config is everything that the provider's dashboards would hold, and how the
// provider behaves. Ids are unique over numbers, pages and Instagram accounts.
type Config struct {
	Apps       []App       `json:"apps"`
	Numbers    []Number    `json:"numbers"`
	Pages      []Page      `json:"pages"`
	Instagrams []Instagram `json:"instagrams"`
	// Templates are the message templates of the WhatsApp business accounts.
	Templates []Template `json:"templates"`
	// BaseURL is the address under which others reach the simulator, for the
	// addresses of media; if empty, the one that the last request came to.
	BaseURL string `json:"base_url"`
	// People exist from the start and after each Reset.
	People []Person `json:"people"`
	// Faults are the rules in force from the start and after each Reset.
	Faults []Fault `json:"faults"`
	// Seed makes ids and faults repeatable.
	Seed int64 `json:"seed"`
	// Versions are the Graph versions that are answered: v21.0 and all newer ones
	// if empty, every one if it holds "*".
	Versions []string `json:"versions"`
	// Window says how the 24-hour window is enforced; WindowSync if empty.
	Window Window `json:"window"`
	// RequireSubscription withholds events until somebody posts to
	// subscribed_apps. Otherwise every app is subscribed to everything.
	RequireSubscription bool     `json:"require_subscription"`
	Webhooks            Webhooks `json:"webhooks"`
	Limits              Limits   `json:"limits"`
	Retry               Retry    `json:"retry"`
	Keep                Keep     `json:"keep"`
}

// App is one Meta app: a webhook endpoint and the secret that signs for it.
type App struct {
	ID          string `json:"id"`
	Secret      string `json:"secret"`
	VerifyToken string `json:"verify_token"`
	CallbackURL string `json:"callback_url"`
	// Callbacks are those of single channels, where they have one of their own: at the
	// provider each object that is subscribed to can have one.
	Callbacks map[Channel]string `json:"callback_urls,omitempty"`
}

// callback returns where the webhooks of a channel go; empty for nowhere.
func (a App) callback(channel Channel) string {
	return cmp.Or(a.Callbacks[channel], a.CallbackURL)
}

// callbacks returns all that the app has, each once.
func (a App) callbacks() []string {
	var all []string
	for _, channel := range []Channel{ChannelWhatsApp, ChannelMessenger, ChannelInstagram} {
		if url := a.callback(channel); url != "" && !slices.Contains(all, url) {
			all = append(all, url)
		}
	}
	return all
}

// Number is one WhatsApp business number; its ID is the phone_number_id.
type Number struct {
	ID      string `json:"id"`
	WABA    string `json:"waba"`
	App     string `json:"app"`
	Display string `json:"display"`
	Name    string `json:"name"`
	Token   string `json:"token"`
	// Coexistence says that the number is also used in the WhatsApp Business app:
	// edits and revokes of messages then arrive as such, and what is written in
	// the app as smb_message_echoes.
	Coexistence bool `json:"coexistence"`
	// NoMediaURL leaves the address out of inbound media, so that only their id
	// leads to the bytes.
	NoMediaURL bool `json:"no_media_url"`
	// IdentityCheck shows identity_key_hash and tells when it changes.
	IdentityCheck bool `json:"identity_check"`
}

// Page is one Facebook page.
type Page struct {
	ID    string `json:"id"`
	Name  string `json:"name"` // the user name of m.me links
	App   string `json:"app"`
	Token string `json:"token"`
	// GetStarted is the payload of the Get Started button; "GET_STARTED" if
	// empty.
	GetStarted string `json:"get_started"`
	// NoGetStarted takes the button away: a new thread opened by a link then
	// loses the link's ref, as at the provider.
	NoGetStarted bool `json:"no_get_started"`
	// HumanAgent lets replies with the tag HUMAN_AGENT through for 7 days, here
	// and for the page's Instagram accounts, as after the provider's review.
	HumanAgent bool `json:"human_agent"`
	// OldStickers sends a sticker as an image too, as the provider did before
	// September 2026.
	OldStickers bool `json:"old_stickers"`
}

// Instagram is one Instagram professional account. With a Page it is reached
// by the page's token and id, with a Token of its own by its own id.
type Instagram struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Page     string `json:"page"`
	App      string `json:"app"`
	Token    string `json:"token"`
	// Icebreakers are shown in a new thread; one, "Get started", if null.
	Icebreakers []Icebreaker `json:"icebreakers"`
	// HumanAgent is as for Page, for an account with a Token of its own.
	HumanAgent bool `json:"human_agent"`
}

// Icebreaker is a question that a new Instagram thread offers.
type Icebreaker struct {
	Question string `json:"question"`
	Payload  string `json:"payload"`
}

// Window is how the 24-hour window is enforced.
type Window string

// WindowSync refuses a send outside the window in its answer. WindowAsync
// accepts it on WhatsApp and reports it in a failed status. WindowOff lets
// everything pass.
const (
	WindowSync  Window = "sync"
	WindowAsync Window = "async"
	WindowOff   Window = "off"
)

// Webhooks says how events become POSTs.
type Webhooks struct {
	// Batch is the largest number of events in a POST; 1 if 0.
	Batch int `json:"batch"`
	// Linger is how long an incomplete batch waits for more events.
	Linger Duration `json:"linger"`
	// Merge lets events of several numbers or pages share a POST.
	Merge bool `json:"merge"`
	// InFlight is the number of POSTs at a time per app; 1 if 0. Order is kept
	// only with 1.
	InFlight int `json:"in_flight"`
	// Paused keeps events in the queue until it is false again.
	Paused bool `json:"paused"`
	// Events changes events by name, see Fault.Event: "echo", "status",
	// "status.delivered".
	Events map[string]EventSetting `json:"events"`
}

// EventSetting switches one kind of event off or delays it.
type EventSetting struct {
	Off   bool     `json:"off"`
	Delay Duration `json:"delay"`
}

// Retry says what happens to a delivery that is not answered with 200.
type Retry struct {
	// Schedule holds the pauses before each further attempt; the last one is
	// repeated. Each channel's own if empty.
	Schedule []Duration `json:"schedule"`
	// Scale divides the pauses, GiveUp and the hour after which Messenger
	// unsubscribes an app; 1 if 0.
	Scale float64 `json:"scale"`
	// Timeout is how long an attempt waits for its answer; 5s if 0.
	Timeout Duration `json:"timeout"`
	// GiveUp ends the attempts so long after the first; each channel's own if 0:
	// 168h on WhatsApp, 36h on Instagram, 1h on Messenger.
	GiveUp Duration `json:"give_up"`
	// NeverUnsubscribe keeps the subscriptions of an app whose webhooks fail.
	NeverUnsubscribe bool `json:"never_unsubscribe"`
	// Overtake lets later events pass a delivery that waits for its next
	// attempt. Otherwise they wait behind it.
	Overtake bool `json:"overtake"`
}

// Keep bounds what is remembered.
type Keep struct {
	Calls      int `json:"calls"`       // Graph calls; 1,000 if 0
	Sends      int `json:"sends"`       // accepted sends; 100,000 if 0
	Deliveries int `json:"deliveries"`  // deliveries; 10,000 if 0
	Messages   int `json:"messages"`    // messages per thread; 10,000 if 0
	Pending    int `json:"pending"`     // events per app that wait; 1,000,000 if 0
	MediaBytes int `json:"media_bytes"` // of all files; 256 MB if 0
}

// ReadConfig reads a configuration as JSON and refuses unknown fields.
func ReadConfig(r io.Reader) (Config, error) {
	var c Config
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return c, nil
}

// Config returns the present configuration with its defaults filled in.
func (s *Simulator) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config.clone()
}

// SetConfig replaces the configuration. Threads, people and pending deliveries
// stay; new people are added, and the rules in force are replaced if those of
// the configuration change. Seed counts from the next Reset. It returns
// ErrConfig and changes nothing if config contradicts itself.
func (s *Simulator) SetConfig(config Config) error {
	return s.UpdateConfig(func(c *Config) error { *c = config; return nil })
}

// SetCallback tells app where its webhooks go, but for those of channels with a
// callback of their own. An empty verifyToken leaves the present one. It returns
// ErrNotFound for an unknown app.
func (s *Simulator) SetCallback(app, callbackURL, verifyToken string) error {
	return s.updateApp(app, func(a *App) {
		a.CallbackURL, a.VerifyToken = callbackURL, cmp.Or(verifyToken, a.VerifyToken)
	})
}

// SetChannelCallback tells app where the webhooks of one channel go; with an empty
// address, where the others go. It returns ErrNotFound for an unknown app.
func (s *Simulator) SetChannelCallback(app string, channel Channel, callbackURL string) error {
	return s.updateApp(app, func(a *App) {
		if callbackURL == "" {
			delete(a.Callbacks, channel)
			return
		}
		if a.Callbacks == nil {
			a.Callbacks = map[Channel]string{}
		}
		a.Callbacks[channel] = callbackURL
	})
}

func (s *Simulator) updateApp(app string, change func(*App)) error {
	return s.UpdateConfig(func(c *Config) error {
		i := slices.IndexFunc(c.Apps, func(a App) bool { return a.ID == app })
		if i < 0 {
			return notFound("app %q", app)
		}
		change(&c.Apps[i])
		return nil
	})
}

// UpdateConfig is SetConfig with what change makes of the present
// configuration. change must not call the simulator.
func (s *Simulator) UpdateConfig(change func(*Config) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	config := s.config.clone()
	if err := change(&config); err != nil {
		return err
	}
	config, integrations, err := prepare(config)
	if err != nil {
		return err
	}
	rules, err := newRules(config.Faults, config.Seed)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(config.Faults, s.config.Faults) {
		s.faults = rules
	}
	s.config, s.integrations = config, integrations
	s.calls.max, s.delivered.max, s.sends.sends.max = config.Keep.Calls, config.Keep.Deliveries, config.Keep.Sends
	err = s.addConfiguredPeople()
	s.touch()
	return err
}

func (c Config) clone() Config {
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err) // a Config holds nothing that JSON cannot
	}
	var out Config
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}
