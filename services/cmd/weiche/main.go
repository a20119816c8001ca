// Command weiche is the conversation router: one binary that serves, shows and
// checks.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // widgets have opening hours, and not every machine knows all zones

	"connectrpc.com/connect/v2"
	"github.com/spf13/cobra"

	"weiche/eventstore"
	"weiche/projections"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	"weiche/services/broker"
	"weiche/services/keyring"
	"weiche/services/operations"
)

// The exit codes, as docs/operations.md has them; those of damage are in verify.go.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitNotFound
	exitConflict
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string) int {
	root := newRootCommand()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "weiche: %s\n", saying(err))
	if code, ok := damageCode(err); ok {
		fmt.Fprintf(cmd.ErrOrStderr(), "weiche: %s\n", whatToDo(code))
		return code
	}
	if next := nextStep(err); next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "weiche: %s\n", next)
	}
	return exitCode(err)
}

// nextStep is what to do after an error that does not say so itself, or "".
func nextStep(err error) string {
	switch {
	case errors.Is(err, eventstore.ErrUnfinished), errors.Is(err, errNoLog):
		return "nothing is served from this folder; remove what is in it but for the master key, and weiche restore again"
	case errors.Is(err, keyring.ErrMasterKey):
		return "put your copy of the master key there, with mode 0600, or name it with --master-key-file"
	case errors.Is(err, eventstore.ErrNotEmpty):
		return "a restore makes a new folder; what an interrupted one has left is removed by hand, but for the master key"
	}
	return ""
}

// saying is an error as people are told of it: without what is meant for programs, the
// code of a call and the names of packages.
func saying(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) == 1 {
		return saying(joined.Unwrap()[0])
	}
	if wire, ok := err.(*connect.Error); ok && wire.Message() != "" {
		return forPeople.Replace(wire.Message())
	}
	return forPeople.Replace(err.Error())
}

// forPeople has what the documentation calls the store of a package in the place of its
// name, and nothing in the place of the others.
var forPeople = strings.NewReplacer(
	"projections: not found: ", "", "projections: not found", "not found", "eventstore: not found", "not found",
	"broker: not a role: ", "",
	"eventstore: ", "log: ", "projections: ", "views: ",
	"blob: ", "", "meta: ", "", "operations: ", "", "password: ", "", "simulator: ", "",
)

// usageError is an error in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func exitCode(err error) int {
	var usage usageError
	var asked *operations.Error
	switch {
	case errors.As(err, &usage), isUsage(err), errors.As(err, &asked) && asked.Reason() == errorv1.Reason_REASON_INVALID:
		return exitUsage
	case errors.Is(err, eventstore.ErrNotFound), errors.Is(err, projections.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return exitNotFound
	case errors.Is(err, eventstore.ErrLocked), errors.Is(err, eventstore.ErrNotEmpty), errors.Is(err, operations.ErrSeveralLogs), errors.Is(err, broker.ErrRouterRunning):
		return exitConflict
	}
	switch connect.CodeOf(err) {
	case connect.CodeNotFound:
		return exitNotFound
	case connect.CodeInvalidArgument:
		return exitUsage
	}
	return exitFailed
}

// isUsage recognises what cobra says of a command line; it has no type for it.
func isUsage(err error) bool {
	for _, start := range []string{
		"unknown command", "unknown flag", "unknown shorthand", "required flag", "accepts ", "requires at least",
		"invalid argument", "flag needs an argument", "if any flags in the group",
	} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "weiche",
		Short: "Carry one conversation over a web widget, WhatsApp, Messenger and Instagram",
		Long: `Weiche routes conversations: a customer begins in a chat widget on a web page and
carries the same conversation on in WhatsApp, Messenger or Instagram, and back.
The agent writes one reply, and Weiche knows where it has to go.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	for _, group := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Try it:", []*cobra.Command{newDemoCommand(), newSimulatorCommand()}},
		{"Run it:", []*cobra.Command{newServeCommand(), newReadyCommand(), newConfigCommand(), newNATSCommand()}},
		{"Set it up:", []*cobra.Command{newSetupCommand(), newAdminCommand()}},
		{"Look into it:", []*cobra.Command{newEventsCommand(), newViewCommand(), newVerifyCommand(), newWebhookCommand()}},
		{"Look after it:", []*cobra.Command{
			newBackupCommand(), newRestoreCommand(), newEraseCommand(), newQuarantineCommand(), newProjectionsCommand(),
		}},
	} {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title})
		for _, cmd := range group.commands {
			cmd.GroupID = group.title
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(newVersionCommand())
	strict(root)
	completes(root, flagValues())
	return root
}

// strict lets every command below cmd say how it is called where it is called
// otherwise. A group of commands refuses one that it does not have: cobra would show
// the help and end as if all were well, which no script would notice.
func strict(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		strict(sub)
		if sub.HasSubCommands() && !sub.Runnable() {
			sub.DisableFlagsInUseLine = true
			sub.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			sub.Args = noSuchCommand
			continue
		}
		if check := sub.Args; check != nil {
			sub.Args = func(cmd *cobra.Command, args []string) error {
				if err := check(cmd, args); err != nil {
					return usageError{fmt.Errorf("%w; it is called as %s", err, cmd.UseLine())}
				}
				return nil
			}
		}
	}
}

// noSuchCommand checks the arguments of a group of commands, which are none: what is left is
// a command that it does not have.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; is %s meant?", err, near[0])
	}
	return usageError{err}
}
