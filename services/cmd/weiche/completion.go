package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weiche/services/api"
	"weiche/services/broker"
	"weiche/services/widget"
)

// flagValue is what a shell completes the value of a flag with.
type flagValue struct {
	// words are all that may be said; list takes several, with commas between them.
	words []string
	list  bool
	// folder is a flag whose value is the path of a folder.
	folder bool
}

// flagValues returns the flags that take certain values, by their names.
func flagValues() map[string]flagValue {
	roles := flagValue{list: true}
	for _, role := range broker.Roles() {
		roles.words = append(roles.words, string(role))
	}
	values := map[string]flagValue{
		"roles":   roles,
		"user":    roles,
		"channel": {words: append(slices.Sorted(maps.Keys(readers())), widget.Channel)},
		"scopes":  {words: api.EveryScope(), list: true},
		"status":  {words: []string{"open", "closed"}},
		"keyring": {folder: true},
		"keys":    {folder: true},
	}
	for _, s := range settingsTable().Settings {
		switch {
		case len(s.Words) > 0:
			values[s.Name] = flagValue{words: s.Words}
		case s.Kind == "folder":
			values[s.Name] = flagValue{folder: true}
		}
	}
	return values
}

// completes lets shells complete the values of the flags of every command below cmd.
func completes(cmd *cobra.Command, values map[string]flagValue) {
	for _, sub := range cmd.Commands() {
		completes(sub, values)
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) { completesFlag(cmd, flag, values) })
	cmd.PersistentFlags().VisitAll(func(flag *pflag.Flag) { completesFlag(cmd, flag, values) })
}

func completesFlag(cmd *cobra.Command, flag *pflag.Flag, values map[string]flagValue) {
	value, ok := values[flag.Name]
	if !ok {
		return
	}
	// The flag is there; where its command has said more closely what it takes, that stays.
	_ = cmd.RegisterFlagCompletionFunc(flag.Name, value.complete)
}

// complete answers a shell that asks for what begins with what was typed.
func (v flagValue) complete(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch {
	case v.folder:
		return nil, cobra.ShellCompDirectiveFilterDirs
	case !v.list:
		return v.words, cobra.ShellCompDirectiveNoFileComp
	}
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var left []string
	for _, word := range v.words {
		if !slices.Contains(strings.Split(before, ","), word) {
			left = append(left, before+word)
		}
	}
	return left, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
