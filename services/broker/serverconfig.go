package broker

import (
	"fmt"
	"io"
	"strings"
)

// ServerConfig is the configuration of a server for processes with roles.
type ServerConfig struct {
	// Listen is the address that it listens on.
	Listen string
	// Store is its folder for streams.
	Store string
	// Users are its users by their public nkeys.
	Users []KeyedUser
}

// KeyedUser is a user with its public nkey.
type KeyedUser struct {
	User
	Key string
}

// The room that the server gives to streams: what the limits that are the default
// reserve, and as much again.
const (
	serverMemory = 1 << 30
	serverStore  = 1 << 30
)

// WriteTo writes the configuration as nats-server reads it.
func (c ServerConfig) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# Printed by weiche nats config. A user may do what is listed and nothing else.
listen: %q
max_payload: %d
max_pending: %d
jetstream {
  store_dir: %q
  max_memory_store: %d
  max_file_store: %d
}
authorization {
  users = [
`, c.Listen, maxPayload, 8*maxPayload, c.Store, serverMemory, serverStore)
	for _, user := range c.Users {
		fmt.Fprintf(&b, "    # %s\n    { nkey: %q, permissions: {\n", user.Name, user.Key)
		for _, list := range []struct {
			name     string
			subjects []string
		}{{"publish", user.Publish}, {"subscribe", user.Subscribe}} {
			if len(list.subjects) == 0 {
				fmt.Fprintf(&b, "      %s: { deny: [ \">\" ] }\n", list.name)
				continue
			}
			fmt.Fprintf(&b, "      %s: { allow: [\n", list.name)
			for _, subject := range list.subjects {
				fmt.Fprintf(&b, "        %q\n", subject)
			}
			fmt.Fprint(&b, "      ] }\n")
		}
		if user.Answers {
			fmt.Fprint(&b, "      allow_responses: { max: 1, expires: \"10s\" }\n")
		}
		fmt.Fprint(&b, "    } }\n")
	}
	fmt.Fprint(&b, "  ]\n}\n")
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}
