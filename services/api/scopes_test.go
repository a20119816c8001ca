package api_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/api"
)

// The table of docs/operations.md says of every scope which roles have it.
func TestTheScopesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range api.Scopes(eventv1.Role_ROLE_OWNER) {
		var said []string
		for line := range strings.Lines(string(text)) {
			if cells := strings.Split(strings.TrimSpace(line), "|"); strings.HasPrefix(line, fmt.Sprintf("| `%s` |", scope)) {
				said = cells[3:7]
			}
		}
		if said == nil {
			t.Errorf("%s is not documented", scope)
			continue
		}
		for at, role := range []eventv1.Role{eventv1.Role_ROLE_OWNER, eventv1.Role_ROLE_ADMIN, eventv1.Role_ROLE_AGENT, eventv1.Role_ROLE_AUDITOR} {
			if yes := strings.TrimSpace(said[at]) == "yes"; yes != slices.Contains(api.Scopes(role), scope) {
				t.Errorf("%s of %s: the documentation says %v", scope, role, yes)
			}
		}
	}
}
