package meta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
)

// Person asks the Graph API who somebody is.
type Person struct {
	// Channel decides which rows of the table of errors are read.
	Channel string
	// Graph is where the account is served.
	Graph *Graph
	// Alias is the kind of address that the API knows a customer by: psid or igsid.
	Alias string
	// Fields are what is asked for.
	Fields []string
	// Token is the account's.
	Token channel.Secret
}

// Profile asks once. It is nil, without an error, for somebody whom the provider does
// not show to this account; the error is a [*channel.SendError].
func (p Person) Profile(ctx context.Context, customer []*eventv1.Alias) (*eventv1.Profile, error) {
	id := ""
	for _, alias := range customer {
		if alias.GetKind() == p.Alias {
			id = alias.GetValue()
			break
		}
	}
	if id == "" {
		return nil, nil
	}
	told, err := p.Graph.Ask(ctx, Request{
		Channel: p.Channel, Method: http.MethodGet, Account: id, Token: p.Token,
		Query: url.Values{"fields": {strings.Join(p.Fields, ",")}}, Attempt: 1,
	})
	switch {
	case withheld(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	name := told.Text("name")
	if name == "" {
		name = strings.TrimSpace(told.Text("first_name") + " " + told.Text("last_name"))
	}
	username := strings.TrimPrefix(told.Text("username"), "@")
	if name == "" && username == "" {
		return nil, nil
	}
	return &eventv1.Profile{Name: name, Username: username}, nil
}

// withheld says whether an error means that the provider will not tell: the customer
// has not agreed, cannot be found, or the app may not ask for anybody. To ask again
// would be answered the same.
func withheld(err error) bool {
	var e *channel.SendError
	if !errors.As(err, &e) {
		return false
	}
	switch code := e.Detail.GetCode(); {
	case code == 3, code == 10, code == 33, code == 100, code == 551:
		return true
	default:
		return code >= 200 && code <= 299
	}
}
