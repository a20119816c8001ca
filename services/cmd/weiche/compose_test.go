package main

import (
	"os"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"weiche/services/broker"
)

// TestCompose reads docker-compose.yml as weiche would be started by it: every command
// line is one that serve takes, and the services of the profile split are all roles,
// with one router.
func TestCompose(t *testing.T) {
	text, err := os.ReadFile("../../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Profiles, Command, Secrets []string
			Image                      string
			Deploy                     struct{ Replicas int }
		}
		Secrets map[string]struct{ File string }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	roles, whole := map[broker.Role]int{}, 0
	for name, service := range file.Services {
		if service.Image != "weiche" || service.Command[0] != "serve" {
			continue
		}
		cmd := newServeCommand()
		if err := cmd.ParseFlags(service.Command[1:]); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, _, err := readSettings(cmd)
		if err == nil {
			err = s.foreign(cmd.Flags().Changed)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.whole() {
			whole++
			if len(service.Profiles) > 0 {
				t.Errorf("%s is not what is started by default", name)
			}
			continue
		}
		for _, role := range s.roles() {
			roles[role] += max(1, service.Deploy.Replicas)
		}
		if !slices.Equal(service.Profiles, []string{"split"}) || s.NATSURL == "" {
			t.Errorf("%s: profiles %v, server %s", name, service.Profiles, s.NATSURL)
		}
		if user := broker.UserOf(s.roles()).Name + ".nk"; s.NATSCredentials != "/run/secrets/"+user || !slices.Contains(service.Secrets, user) || file.Secrets[user].File != "./nats/"+user {
			t.Errorf("%s is not the user %s: %s", name, user, s.NATSCredentials)
		}
	}
	if whole != 1 || roles[broker.RoleRouter] != 1 || roles[broker.RoleAdapters] != 2 || roles[broker.RoleAPI] == 0 || roles[broker.RoleEgress] == 0 {
		t.Errorf("%d whole, %v", whole, roles)
	}
}
