package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// setupFile is the form of a set-up file.
type setupFile struct {
	Account        string            `yaml:"account"`
	Name           string            `yaml:"name"`
	BoundElsewhere string            `yaml:"bound_elsewhere"`
	Apps           []appFile         `yaml:"apps"`
	Integrations   []integrationFile `yaml:"integrations"`
	Widgets        []widgetFile      `yaml:"widgets"`
	Agents         []agentFile       `yaml:"agents"`
}

// appFile is a provider's app.
type appFile struct {
	ID              string   `yaml:"id"`
	Channel         string   `yaml:"channel"`
	ProviderAppID   string   `yaml:"provider_app_id"`
	AppSecret       string   `yaml:"app_secret"`
	AppSecretFile   string   `yaml:"app_secret_file"`
	AppSecrets      []string `yaml:"app_secrets"`
	VerifyToken     string   `yaml:"verify_token"`
	VerifyTokenFile string   `yaml:"verify_token_file"`
}

// integrationFile is a channel account.
type integrationFile struct {
	ID                string `yaml:"id"`
	Channel           string `yaml:"channel"`
	App               string `yaml:"app"`
	ProviderAccountID string `yaml:"provider_account_id"`
	Address           string `yaml:"address"`
	Name              string `yaml:"name"`
	PageID            string `yaml:"page_id"`
	BusinessAccountID string `yaml:"business_account_id"`
	HumanAgent        bool   `yaml:"human_agent"`
	AccessToken       string `yaml:"access_token"`
	AccessTokenFile   string `yaml:"access_token_file"`
}

// widgetFile is a widget, and how it looks.
type widgetFile struct {
	ID               string        `yaml:"id"`
	Site             string        `yaml:"site"`
	Origins          []string      `yaml:"origins"`
	Languages        []string      `yaml:"languages"`
	Confirmation     string        `yaml:"confirmation"`
	CodeLifetime     time.Duration `yaml:"code_lifetime"`
	SilentDisconnect bool          `yaml:"silent_disconnect"`
	Offers           []string      `yaml:"offers"`

	NewConversationAfter time.Duration `yaml:"new_conversation_after"`
	// VisitorKeys are nil where the file does not say which there are: they stay.
	VisitorKeys *[]struct {
		ID         string `yaml:"id"`
		Secret     string `yaml:"secret"`
		SecretFile string `yaml:"secret_file"`
	} `yaml:"visitor_keys"`
	SignedVisitorsOnly bool            `yaml:"signed_visitors_only"`
	Appearance         *appearanceFile `yaml:"appearance"`
}

// agentFile is an agent.
type agentFile struct {
	ID    string `yaml:"id"`
	Name  string `yaml:"name"`
	Role  string `yaml:"role"`
	Login string `yaml:"login"`
}

// parseSetup reads a set-up file. Files that it names are looked for beside it.
func parseSetup(text []byte, beside string) (account string, setup *ingressv1.ApplySetup, err error) {
	var file setupFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		if errors.Is(err, io.EOF) {
			return "", nil, errors.New("the file is empty")
		}
		return "", nil, ofForm(err)
	}
	if file.Account == "" {
		return "", nil, errors.New("account is missing")
	}
	if setup, err = file.read(beside); err != nil {
		return "", nil, err
	}
	return file.Account, setup, nil
}

var (
	noField   = regexp.MustCompile(`field (\S+) not found in type [^\s;]+`)
	otherForm = regexp.MustCompile(`cannot unmarshal !!\w+ (.+?) into [^\s;]+`)
	ofSeveral = regexp.MustCompile(`cannot unmarshal !!\w+ into [^\s;]+`)
)

// ofForm says what does not belong where it stands in a file, without the names of our
// types.
func ofForm(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return err
	}
	text := noField.ReplaceAllString(strings.Join(wrong.Errors, "; "), "there is no field $1")
	text = ofSeveral.ReplaceAllString(text, "what stands here is of another form")
	return errors.New(otherForm.ReplaceAllString(text, "$1 does not belong here"))
}

func (f setupFile) read(beside string) (*ingressv1.ApplySetup, error) {
	policy, err := enumValue(eventv1.BoundElsewhere_value, "BOUND_ELSEWHERE_", "bound_elsewhere", f.BoundElsewhere)
	if err != nil {
		return nil, err
	}
	setup := &ingressv1.ApplySetup{Name: f.Name, BoundElsewhere: eventv1.BoundElsewhere(policy)}
	for _, a := range f.Apps {
		app, err := a.read(beside)
		if err != nil {
			return nil, fmt.Errorf("app %q: %w", a.ID, err)
		}
		setup.Apps = append(setup.Apps, app)
	}
	for _, i := range f.Integrations {
		integration, err := i.read(beside)
		if err != nil {
			return nil, fmt.Errorf("integration %q: %w", i.ID, err)
		}
		setup.Integrations = append(setup.Integrations, integration)
	}
	for _, w := range f.Widgets {
		widget, err := w.read(beside)
		if err != nil {
			return nil, fmt.Errorf("widget %q: %w", w.ID, err)
		}
		setup.Widgets = append(setup.Widgets, widget)
	}
	for _, a := range f.Agents {
		agent, err := a.read()
		if err != nil {
			return nil, fmt.Errorf("agent %q: %w", a.ID, err)
		}
		setup.Agents = append(setup.Agents, agent)
	}
	return setup, nil
}

func (a appFile) read(beside string) (*ingressv1.AppSetup, error) {
	secret, err := secretOf(beside, a.AppSecret, a.AppSecretFile)
	if err != nil {
		return nil, err
	}
	verify, err := secretOf(beside, a.VerifyToken, a.VerifyTokenFile)
	if err != nil {
		return nil, err
	}
	secrets := a.AppSecrets
	if secret != "" {
		secrets = append([]string{secret}, secrets...)
	}
	return &ingressv1.AppSetup{Id: a.ID, Channel: a.Channel, ProviderAppId: a.ProviderAppID, AppSecrets: secrets, VerifyToken: verify}, nil
}

func (i integrationFile) read(beside string) (*ingressv1.IntegrationSetup, error) {
	token, err := secretOf(beside, i.AccessToken, i.AccessTokenFile)
	if err != nil {
		return nil, err
	}
	return &ingressv1.IntegrationSetup{
		Id: i.ID, Channel: i.Channel, AppId: i.App, ProviderAccountId: i.ProviderAccountID,
		Address: i.Address, Name: i.Name, PageId: i.PageID, AccessToken: token,
		BusinessAccountId: i.BusinessAccountID, HumanAgent: i.HumanAgent,
	}, nil
}

func (w widgetFile) read(beside string) (*ingressv1.WidgetSetup, error) {
	confirmation, err := enumValue(eventv1.Confirmation_value, "CONFIRMATION_", "confirmation", w.Confirmation)
	if err != nil {
		return nil, err
	}
	appearance, err := w.Appearance.read()
	if err != nil {
		return nil, err
	}
	widget := &ingressv1.WidgetSetup{
		Id: w.ID, Site: w.Site, Origins: w.Origins, Languages: w.Languages,
		Confirmation:     eventv1.Confirmation(confirmation),
		SilentDisconnect: w.SilentDisconnect, Offers: w.Offers,
		SignedVisitorsOnly: w.SignedVisitorsOnly, KeepVisitorKeys: w.VisitorKeys == nil,
		Appearance: appearance,
	}
	if w.VisitorKeys != nil {
		for _, key := range *w.VisitorKeys {
			secret, err := secretOf(beside, key.Secret, key.SecretFile)
			if err != nil {
				return nil, err
			}
			widget.VisitorKeys = append(widget.VisitorKeys, &ingressv1.VisitorKeySetup{Id: key.ID, Secret: secret})
		}
	}
	if w.NewConversationAfter != 0 {
		widget.NewConversationAfter = durationpb.New(w.NewConversationAfter)
	}
	if w.CodeLifetime != 0 {
		widget.CodeLifetime = durationpb.New(w.CodeLifetime)
	}
	return widget, nil
}

func (a agentFile) read() (*ingressv1.AgentSetup, error) {
	role, err := enumValue(eventv1.Role_value, "ROLE_", "role", a.Role)
	if err != nil {
		return nil, err
	}
	return &ingressv1.AgentSetup{Id: a.ID, Name: a.Name, Role: eventv1.Role(role), Login: a.Login}, nil
}

// enumValue reads a word of an enum; empty is the unspecified one.
func enumValue(values map[string]int32, prefix, field, word string) (int32, error) {
	if word == "" {
		return 0, nil
	}
	value, ok := values[prefix+strings.ToUpper(word)]
	if !ok || value == 0 {
		var known []string
		for name, number := range values {
			if number != 0 {
				known = append(known, strings.ToLower(strings.TrimPrefix(name, prefix)))
			}
		}
		return 0, fmt.Errorf("%s: %q is none of %s", field, word, strings.Join(slices.Sorted(slices.Values(known)), ", "))
	}
	return value, nil
}

// secretOf returns a secret that is given directly or in a file.
func secretOf(beside, direct, file string) (string, error) {
	if file == "" {
		return direct, nil
	}
	if direct != "" {
		return "", errors.New("a secret is given directly and as a file")
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(beside, file)
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}
