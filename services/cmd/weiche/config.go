package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"weiche/services/setting"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Say what can be set, and check what is",
		Long: `What weiche serve does is set by flags, else by variables of the environment, else
by a file of settings, which --config or WEICHE_CONFIG names. Of each variable there
is one with _FILE at its end, which names a file with the value.`,
	}
	table := settingsTable()
	print := func(use, short string, write func(*cobra.Command)) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs, Example: "  weiche config " + use,
			RunE: func(cmd *cobra.Command, _ []string) error {
				write(cmd)
				return nil
			},
		})
	}
	print("doc", "Print every setting with what it is, as a page of Markdown", func(cmd *cobra.Command) {
		fmt.Fprint(cmd.OutOrStdout(), "# Settings\n\nThis is what `weiche config doc` prints; [configuration.md](configuration.md) says how to set them.\n\n")
		table.WriteTable(cmd.OutOrStdout())
	})
	print("default", "Print a file of settings in which everything is as usual", func(cmd *cobra.Command) { table.WriteFile(cmd.OutOrStdout()) })
	print("env", "Print a file of variables in which everything is as usual", func(cmd *cobra.Command) { table.WriteEnviron(cmd.OutOrStdout()) })
	cmd.AddCommand(newConfigCheckCommand(table))
	return cmd
}

func newConfigCheckCommand(table setting.Table) *cobra.Command {
	var read setting.Read
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read what weiche serve would read, and say what is wrong",
		Example: `  weiche config check --config weiche.yaml
  WEICHE_HTTP=:8080 weiche config check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			table.WriteSaid(out, read)
			fmt.Fprintln(out, "all right; what is not listed is as usual")
			return nil
		},
	}
	takesSettings(cmd, func(_ settings, r setting.Read) { read = r })
	return cmd
}
