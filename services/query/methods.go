package query

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"weiche/services/broker"
)

// method is one row of the table: what can be asked, and by whom.
type method struct {
	name  string
	roles []broker.Role
	// views says that the answer shows views: it is not older than the asker wants.
	views  bool
	answer func(s *Server, ctx context.Context, who asked, data []byte) ([]byte, error)
}

// methods is everything that can be asked. A new question is a row here, a message,
// and a method of Client.
func methods() []method {
	var (
		everybody = []broker.Role{broker.RoleAdapters, broker.RoleAPI, broker.RoleEgress}
		senders   = []broker.Role{broker.RoleAdapters, broker.RoleEgress}
		files     = []broker.Role{broker.RoleAPI, broker.RoleEgress}
		api       = []broker.Role{broker.RoleAPI}
	)
	return []method{
		on("setup", everybody, (*Server).setup),
		on("secrets", senders, (*Server).secrets),
		on("hash-keys", files, (*Server).hashKeys),
		on("new-file-key", files, (*Server).newFileKey),
		on("file-key", files, (*Server).fileKey),
		on("key-stands", files, (*Server).keyStands),

		of("reach", api, (*Server).reach),
		of("timeline", api, (*Server).timeline),
		of("channel", api, (*Server).channel),
		of("route", api, (*Server).route),
		of("customer", api, (*Server).customer),
		of("inbox", api, (*Server).inbox),
		of("summary", api, (*Server).summary),
		of("counts", api, (*Server).counts),
		of("offer-use", api, (*Server).offerUse),
		of("visitor-conversation", api, (*Server).visitorConversation),
		on("events", api, (*Server).events),
		on("log-head", api, (*Server).logHead),
		on("sequence", api, (*Server).sequence),
		on("public", api, (*Server).public),
		on("audit", api, (*Server).audit),
		on("password", api, (*Server).password),
		on("visitor-key", api, (*Server).visitorKey),
		on("visitor-ended", api, (*Server).visitorEnded),
	}
}

// on is a method that answers from what the router has at hand.
func on[Q, A any, PQ message[Q], PA message[A]](name string, roles []broker.Role, answer func(*Server, context.Context, asked, PQ) (PA, error)) method {
	return method{name: name, roles: roles, answer: func(s *Server, ctx context.Context, who asked, data []byte) ([]byte, error) {
		request := PQ(new(Q))
		if err := proto.Unmarshal(data, request); err != nil {
			return nil, fmt.Errorf("%w: %w", errQuestion, err)
		}
		said, err := answer(s, ctx, who, request)
		if err != nil {
			return nil, err
		}
		return proto.Marshal(said)
	}}
}

// of is a method that answers from the views.
func of[Q, A any, PQ message[Q], PA message[A]](name string, roles []broker.Role, answer func(*Server, context.Context, asked, PQ) (PA, error)) method {
	m := on(name, roles, answer)
	m.views = true
	return m
}

// Methods are the names of what each role may ask.
func Methods() map[broker.Role][]string {
	allowed := map[broker.Role][]string{}
	for _, m := range methods() {
		for _, role := range m.roles {
			allowed[role] = append(allowed[role], m.name)
		}
	}
	return allowed
}
