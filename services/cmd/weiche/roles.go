package main

import (
	"errors"
	"fmt"
	"slices"

	"weiche/services/broker"
)

// roles are those of the process.
func (s settings) roles() []broker.Role {
	roles, _ := broker.ParseRoles(s.Roles) // checked before
	return roles
}

// does says whether the process has a role.
func (s settings) does(role broker.Role) bool { return slices.Contains(s.roles(), role) }

// whole says that the process has all roles.
func (s settings) whole() bool { return len(s.roles()) == len(broker.Roles()) }

// serves says whether everybody is served something: webhooks or the API.
func (s settings) serves() bool { return s.does(broker.RoleAdapters) || s.does(broker.RoleAPI) }

// needsFiles says whether a role has to do with the files of messages.
func (s settings) needsFiles() bool {
	return s.does(broker.RoleRouter) || s.does(broker.RoleAPI) || s.does(broker.RoleEgress)
}

// checkRoles says what is missing to do what the process is to do.
func (s settings) checkRoles() (wrong []error) {
	if _, err := broker.ParseRoles(s.Roles); err != nil {
		return []error{fmt.Errorf("roles: %w", err)}
	}
	if s.NATSCredentials != "" && s.NATSURL == "" {
		wrong = append(wrong, errors.New("nats-credentials: they are for a server, which nats-url names"))
	}
	if s.whole() {
		return wrong
	}
	if s.NATSURL == "" {
		wrong = append(wrong, errors.New("roles: processes with some of the roles find each other by a NATS server, which nats-url names"))
	}
	if s.needsFiles() && s.Media == "" {
		wrong = append(wrong, errors.New("media: processes with some of the roles need a place for files that all of them reach, s3://bucket?region=… or the absolute path of a shared folder"))
	}
	return wrong
}

// foreign says which settings of the router alone stand on the command line of a
// process without it. In the environment they may be meant for others.
func (s settings) foreign(said func(name string) bool) error {
	if s.does(broker.RoleRouter) {
		return nil
	}
	for _, name := range []string{"data", flagMasterKey} {
		if said(name) {
			return usageError{fmt.Errorf("%s: only the router has a data folder, and this process is %s", name, broker.JoinRoles(s.roles(), " and "))}
		}
	}
	return nil
}
