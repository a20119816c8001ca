package meta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"weiche/services/channel"
)

// Keep asks the Graph API about one account of a channel.
type Keep struct {
	// Channel decides which rows of the table of errors are read.
	Channel string
	// Graph is where the account is.
	Graph *Graph
	// Account is what is probed, and Owner what an app subscribes to: the account
	// itself, the page of it or its WABA. Without an owner nothing is subscribed.
	Account, Owner string
	// Token authorises both.
	Token channel.Secret
	// Fields are what the app needs; none where a subscription has no fields.
	Fields []string
	// Tells is what an account of the channel tells of itself and nothing else does
	// that has an id: the owner of a number, say, is no number.
	Tells []string
	// Among is the list of the owner that the account has to be in; empty where the
	// owner has none.
	Among string
}

// PageFields returns what an app needs of a page. It is the same for the page's
// Messenger and for its Instagram account, which share one subscription: whichever
// is renewed last takes nothing from the other.
func PageFields() []string {
	return []string{
		"messages", "messaging_postbacks", "message_echoes", "message_reactions", "messaging_referrals", "message_edits",
		"messaging_optins", "message_deliveries", "message_reads", "messaging_handovers", "standby",
	}
}

// Probe asks for the account by its id.
func (k Keep) Probe(ctx context.Context) error {
	_, err := k.Graph.Ask(ctx, Request{
		Channel: k.Channel, Method: http.MethodGet, Account: k.Account, Token: k.Token,
		Query: url.Values{"fields": {"id"}}, Attempt: 1,
	})
	return err
}

// AccountID is how an account with a login of its own tells the id that webhooks have.
const AccountID = "user_id"

// Check asks for the account by what it alone tells, for its place at its owner, and
// for the owner's subscriptions, which a token may lack the permission for.
func (k Keep) Check(ctx context.Context) error {
	ask := Request{
		Channel: k.Channel, Method: http.MethodGet, Account: k.Account, Token: k.Token,
		Query: url.Values{"fields": {strings.Join(append([]string{"id"}, k.Tells...), ",")}}, Attempt: 1,
	}
	told, err := k.Graph.Ask(ctx, ask)
	if err != nil {
		return wrongAccount(err)
	}
	if told.Text("id") != k.Account && told.Text(AccountID) != k.Account || slices.ContainsFunc(k.Tells, func(field string) bool { return told.Text(field) == "" }) {
		return failed(channel.Unhealthy, "no_such_account", nil)
	}
	if k.Owner == "" {
		return nil
	}
	ask.Account, ask.Edge, ask.Query = k.Owner, "subscribed_apps", nil
	if _, err := k.Graph.Ask(ctx, ask); err != nil {
		return k.wrongOwner(err)
	}
	if k.Among == "" {
		return nil
	}
	ask.Edge, ask.Query = k.Among, url.Values{"fields": {"id"}, "limit": {"1000"}}
	all, err := k.Graph.Ask(ctx, ask)
	if err != nil {
		return err
	}
	for _, value := range all.Get("data").Array() {
		if value.Object().Text("id") == k.Account {
			return nil
		}
	}
	return failed(channel.Unhealthy, otherOwner, nil)
}

// wrongAccount says of an account that lacks a field that it is another than was meant.
func wrongAccount(err error) error {
	var e *channel.SendError
	if errors.As(err, &e) && e.Outcome == channel.Refused && e.Detail.GetCode() == invalidParameter {
		e.Outcome, e.Detail.Reason = channel.Unhealthy, "no_such_account"
	}
	return err
}

// otherOwner is our word for an owner that is another's than the account's.
const otherOwner = "other_owner"

// wrongOwner says of an owner that is not there that it is another than was meant.
func (k Keep) wrongOwner(err error) error {
	var e *channel.SendError
	if errors.As(err, &e) && e.Outcome == channel.Unhealthy && e.Detail.GetReason() == "no_such_account" && k.Owner != k.Account {
		e.Detail.Reason = otherOwner
	}
	return err
}

// invalidParameter is the code for a field that an object does not have.
const invalidParameter = 100

// Subscribe subscribes an app where it is not, or lacks a field. What it has beside
// those that are needed stays.
func (k Keep) Subscribe(ctx context.Context, providerApp string) (renewed bool, err error) {
	if k.Owner == "" {
		return false, nil
	}
	ask := Request{Channel: k.Channel, Method: http.MethodGet, Account: k.Owner, Edge: "subscribed_apps", Token: k.Token, Attempt: 1}
	answer, err := k.Graph.Ask(ctx, ask)
	if err != nil {
		return false, err
	}
	fields := slices.Clone(k.Fields)
	for _, value := range answer.Get("data").Array() {
		app := value.Object()
		if inner := app.Object("whatsapp_business_api_data"); len(inner) > 0 {
			app = inner
		}
		if app.Text("id") != providerApp {
			continue
		}
		if !app.Get("subscribed_fields").IsArray() {
			return false, nil
		}
		missing := len(fields)
		for _, has := range app.Get("subscribed_fields").Array() {
			// A listing has the name alone, or an object with it.
			name := has.Text()
			if has.IsObject() {
				name = has.Object().Text("name")
			}
			if slices.Contains(k.Fields, name) {
				missing--
			} else if name != "" {
				fields = append(fields, name)
			}
		}
		if missing <= 0 {
			return false, nil
		}
	}
	ask.Method = http.MethodPost
	if len(fields) > 0 {
		ask.Query = url.Values{"subscribed_fields": {strings.Join(fields, ",")}}
	}
	_, err = k.Graph.Ask(ctx, ask)
	return err == nil, err
}
