package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nkeys"
	"github.com/spf13/cobra"

	"weiche/services/broker"
)

func newNATSCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "nats",
		Short: "Print the configuration of an external NATS server",
	}
	cmd.AddCommand(newNATSConfigCommand())
	return cmd
}

func newNATSConfigCommand() *cobra.Command {
	var users, integrators, adapters []string
	var keys string
	config := broker.ServerConfig{}
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the configuration of a NATS server, with one user for each role",
		Long: `Prints a configuration for nats-server in which each role is a user that may do what
the role has to and nothing else. A user proves who it is by an nkey: its seed is
written to the folder of --keys, made where it is missing, and is what serve takes as
--nats-credentials. Add TLS before it leaves the machine.

--user makes a user for a process with several roles. --integrator makes one for a back
end, which has the rights of an API key over NATS, and --adapter one for an adapter
beside Weiche, which has one integration.`,
		Example: `  weiche nats config --keys ./nats > nats.conf
  weiche nats config --keys ./nats --user adapters,api --integrator shop/KEY --adapter echo/shop/room > nats.conf`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			named, err := natsUsers(users, integrators, adapters)
			if err != nil {
				return usageError{err}
			}
			for _, user := range named {
				key, err := natsKey(filepath.Join(keys, user.Name+".nk"))
				if err != nil {
					return err
				}
				config.Users = append(config.Users, broker.KeyedUser{User: user, Key: key})
			}
			_, err = config.WriteTo(cmd.OutOrStdout())
			return err
		},
	}
	cmd.Flags().StringVar(&keys, "keys", "nats", "the folder of the seeds")
	cmd.Flags().StringVar(&config.Listen, "listen", "127.0.0.1:4222", "the address that the server listens on")
	cmd.Flags().StringVar(&config.Store, "store", "nats/store", "the server's folder for streams")
	cmd.Flags().StringArrayVar(&users, "user", nil, "a user for a process with these roles too: adapters,api")
	cmd.Flags().StringArrayVar(&integrators, "integrator", nil, "a user for a back end: ACCOUNT/KEY, the id of its API key")
	cmd.Flags().StringArrayVar(&adapters, "adapter", nil, "a user for an adapter: CHANNEL/ACCOUNT/INTEGRATION")
	return cmd
}

// natsUsers are a user for each role, and those that were asked for beside them.
func natsUsers(users, integrators, adapters []string) ([]broker.User, error) {
	var named []broker.User
	for _, role := range broker.Roles() {
		named = append(named, broker.UserOf([]broker.Role{role}))
	}
	for _, names := range users {
		roles, err := broker.ParseRoles(names)
		if err != nil {
			return nil, err
		}
		if len(roles) > 1 {
			named = append(named, broker.UserOf(roles))
		}
	}
	for _, integrator := range integrators {
		account, key, ok := strings.Cut(integrator, "/")
		if !ok {
			return nil, fmt.Errorf("--integrator %q is not ACCOUNT/KEY", integrator)
		}
		user, err := broker.Integrator(account, key)
		if err != nil {
			return nil, err
		}
		named = append(named, user)
	}
	for _, adapter := range adapters {
		part := strings.Split(adapter, "/")
		if len(part) != 3 {
			return nil, fmt.Errorf("--adapter %q is not CHANNEL/ACCOUNT/INTEGRATION", adapter)
		}
		user, err := broker.Adapter(part[0], part[1], part[2])
		if err != nil {
			return nil, err
		}
		named = append(named, user)
	}
	return named, nil
}

// natsKey returns the public key of a seed in a file, which is made where it is
// missing.
func natsKey(path string) (string, error) {
	seed, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		pair, err := nkeys.CreateUser()
		if err != nil {
			return "", err
		}
		if seed, err = pair.Seed(); err != nil {
			return "", err
		}
		if err := writeToken(path, string(seed)); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", err
	}
	pair, err := nkeys.ParseDecoratedUserNKey(seed)
	if err != nil {
		return "", fmt.Errorf("%s holds no seed of a user's nkey: %w", path, err)
	}
	return pair.PublicKey()
}
