package broker

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part of the work that a process may do alone.
type Role string

// The roles. There is exactly one router at a time; of the others there may be any
// number.
const (
	// RoleAdapters takes the providers' webhooks.
	RoleAdapters Role = "adapters"
	// RoleRouter decides, keeps the log and the views, and answers the others.
	RoleRouter Role = "router"
	// RoleAPI serves pages, agents and administrators.
	RoleAPI Role = "api"
	// RoleEgress speaks to the providers: it sends, fetches files and watches.
	RoleEgress Role = "egress"
)

// Roles are all roles, in the order in which they are named.
func Roles() []Role { return []Role{RoleAdapters, RoleRouter, RoleAPI, RoleEgress} }

// ParseRoles reads names with commas between them; none at all are all. Each is
// named once and in the order of Roles.
func ParseRoles(names string) ([]Role, error) {
	if names == "" {
		return Roles(), nil
	}
	var wanted []Role
	for name := range strings.SplitSeq(names, ",") {
		role := Role(strings.TrimSpace(name))
		if !slices.Contains(Roles(), role) {
			return nil, fmt.Errorf("%w: %q is none of %s", ErrRole, name, JoinRoles(Roles(), ", "))
		}
		wanted = append(wanted, role)
	}
	return slices.DeleteFunc(Roles(), func(role Role) bool { return !slices.Contains(wanted, role) }), nil
}

// JoinRoles names roles with something between them.
func JoinRoles(roles []Role, between string) string {
	names := make([]string, len(roles))
	for at, role := range roles {
		names[at] = string(role)
	}
	return strings.Join(names, between)
}

// userOf is what the user of a process is called in the subjects that are its own,
// where answers come back: those of another may not be heard.
func userOf(roles []Role) string {
	if len(roles) == 0 || len(roles) == len(Roles()) {
		return "weiche"
	}
	return JoinRoles(roles, "-")
}
