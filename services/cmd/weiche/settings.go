package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/spf13/cobra"

	"weiche/services/blob"
	"weiche/services/setting"
)

// settings is how weiche serve runs. This struct is the one place where a setting
// is: its flag, its variable, its place in a file, and what is written about it come
// from here. See package setting.
type settings struct {
	Data          string `name:"data" default:"data" as:"folder" is:"the data folder"`
	MasterKeyFile string `name:"master-key-file" as:"file" is:"the file with the master key of the keyring: 32 bytes, or those in base64, mode 0600; keyring/master.key in the data folder if empty"`
	Media         string `name:"media" as:"place" is:"where the files of messages are: an absolute path or s3://bucket?region=…; media in the data folder if empty"`

	HTTP      setting.Address `name:"http" default:"127.0.0.1:8080" is:"the address to serve webhooks and the API on"`
	Admin     setting.Address `name:"admin" default:"127.0.0.1:8081" is:"the address to serve health, metrics and operators on; let nobody else reach it"`
	PublicURL setting.URL     `name:"public-url" is:"where customers and providers reach this server, https://…; files are sent by upload alone if empty"`
	Proxies   []netip.Prefix  `name:"proxies" is:"the networks of reverse proxies whose X-Forwarded-For is believed; none if empty"`

	Roles           string `name:"roles" as:"list" is:"what this process does, of adapters, router, api and egress with commas between them; all of it if empty"`
	NATSURL         string `name:"nats-url" as:"url" secret:"true" is:"an external NATS server; embedded if empty"`
	NATSCredentials string `name:"nats-credentials" as:"file" is:"the file with this process' NATS credentials, or the seed of its nkey; see weiche nats config"`

	GraphURL     setting.URL    `name:"graph-url" is:"where the Graph API is; the provider's if empty"`
	GraphVersion string         `name:"graph-version" is:"the version of the Graph API; v26.0 if empty"`
	Pace         map[string]int `name:"pace" default:"whatsapp=80,messenger=40,instagram=100" is:"how many sends a second one number, page or account may begin, by channel"`

	LogLevel  string `name:"log-level" default:"info" oneof:"debug,info,warn,error" is:"from which level on messages are logged"`
	LogFormat string `name:"log-format" default:"auto" oneof:"auto,text,json" is:"how messages are logged; auto is text on a terminal and JSON elsewhere"`
}

// settingsTable is what is said about the settings.
func settingsTable() setting.Table { return setting.Of[settings]("WEICHE_") }

// check says what cannot be among settings of which each can be.
func (s settings) check() error {
	var wrong []error
	if s.PublicURL != "" && !blob.IsPublicURL(string(s.PublicURL)) {
		wrong = append(wrong, fmt.Errorf("public-url: %s is no address that others can reach", s.PublicURL))
	}
	if s.Media != "" && !blob.IsPlace(s.Media) {
		wrong = append(wrong, fmt.Errorf("media: %q is neither an absolute path nor s3://bucket", s.Media))
	}
	for channelName := range s.Pace {
		if _, ours := readers()[channelName]; !ours {
			wrong = append(wrong, fmt.Errorf("pace: there is no channel %q", channelName))
		}
	}
	return errors.Join(append(wrong, s.checkRoles()...)...)
}

// configFlag names the file of settings.
const configFlag = "config"

// readSettings reads the settings for a command line. An error is the caller's.
func readSettings(cmd *cobra.Command) (s settings, read setting.Read, err error) {
	table := settingsTable()
	file := os.Getenv(table.ConfigVariable())
	if named := cmd.Flag(configFlag); named != nil && named.Changed {
		file = named.Value.String()
	}
	read, err = table.Read(&s, setting.Sources{Flags: cmd.Flags(), Environ: os.Environ(), File: file})
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return settings{}, setting.Read{}, usageError{err}
	}
	return s, read, nil
}

// takesSettings adds the flags of some settings to a command, of all if none are
// named, and hands the settings over before it runs.
func takesSettings(cmd *cobra.Command, hand func(settings, setting.Read), names ...string) {
	settingsTable().AddFlags(cmd.Flags(), names...)
	if cmd.Flag(configFlag) == nil {
		cmd.Flags().String(configFlag, "", "a file of settings in YAML (default $"+settingsTable().ConfigVariable()+")")
	}
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if before != nil {
			if err := before(cmd, args); err != nil {
				return err
			}
		}
		s, read, err := readSettings(cmd)
		if err != nil {
			return err
		}
		cmd.SetContext(context.WithValue(cmd.Context(), masterKeyIn{}, s.MasterKeyFile))
		hand(s, read)
		return nil
	}
}
