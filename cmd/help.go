package cmd

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"npmotp/internal/npm/tools"
	"npmotp/internal/ui"
)

// The groups that the help of npmotp lists its commands in.
const (
	groupDaily     = "daily"
	groupDialogues = "dialogues"
	groupAccounts  = "accounts"
	groupVault     = "vault"
	groupDevices   = "devices"
)

// statusKey is the annotation that holds the exit statuses of a command.
const statusKey = "statuses"

// statuses returns the annotations of a command with the exit statuses that it
// has beside 0 and 1.
func statuses(which ...int) map[string]string {
	meaning := map[int]string{
		exitUsage:    "wrong usage",
		exitNotFound: "not found, or several to choose from",
		exitLocked:   "the vault cannot be unlocked",
		exitVault:    "the vault is missing, there already, damaged, too new or busy",
		exitNoCodes:  "no unused recovery codes",
	}
	var b strings.Builder
	b.WriteString("  0  done\n  1  anything unexpected\n")
	for _, status := range which {
		fmt.Fprintf(&b, "  %d  %s\n", status, meaning[status])
	}
	return map[string]string{statusKey: b.String()}
}

// vaultStatuses are those of every command that opens the vault.
func vaultStatuses(more ...int) map[string]string {
	all := []int{exitUsage, exitNotFound, exitLocked, exitVault}
	return statuses(append(all, more...)...)
}

// addGroup adds commands to the root under a heading.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, c := range commands {
		c.GroupID = id
		root.AddCommand(c)
	}
}

// helpWidth is the width that help is set in.
const helpWidth = 80

// printHelp prints the help of a command: of npmotp itself one screen with what
// is used every day. It stands in for the templates of cobra, which call methods
// by their names, and so keep all methods of all types in the program.
func printHelp(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	_, _ = fmt.Fprintf(w, "%s\n\n", strings.TrimSpace(c.Long))
	if !c.HasParent() {
		printDaily(w, c)
		return
	}
	subs, usage := available(c), c.UseLine()
	if family := c.CommandPath() + " COMMAND"; len(subs) > 0 && c.Use == c.Name() {
		usage = family
	} else if len(subs) > 0 {
		usage += "\n  " + family
	}
	_, _ = fmt.Fprintf(w, "Usage:\n  %s\n", usage)
	if len(c.Aliases) > 0 {
		_, _ = fmt.Fprintf(w, "\nAlso called:\n  %s\n", strings.Join(c.Aliases, ", "))
	}
	if c.Example != "" {
		_, _ = fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	if len(subs) > 0 {
		_, _ = fmt.Fprintln(w, "\nCommands:")
		printCommands(w, subs, 0)
	}
	printFlags(w, "Flags", c.LocalFlags())
	_, _ = fmt.Fprintf(w, "\nGlobal flags: --vault, --json, --quiet and others, see '%s help all'\n", c.Root().Name())
	if statuses := c.Annotations[statusKey]; statuses != "" {
		_, _ = fmt.Fprintf(w, "\nExit status:\n%s", statuses)
	}
}

func printDaily(w io.Writer, root *cobra.Command) {
	_, _ = fmt.Fprintf(w, "Usage: %s COMMAND [ARG...] [flags]\n\nEvery day:\n", root.Name())
	printCommands(w, grouped(root, groupDaily), 0)
	_, _ = fmt.Fprintf(w, "\nExamples:\n%s\n", root.Example)
	_, _ = fmt.Fprintf(w, "\n'%[1]s help all' lists every command and the global flags,\n'%[1]s help COMMAND' explains one.\n", root.Name())
}

// printAll prints every command with what is below it, by group, and what holds
// for all of them.
func printAll(w io.Writer, root *cobra.Command) {
	const width = len("recovery sheet")
	_, _ = fmt.Fprintf(w, "Usage: %s COMMAND [ARG...] [flags]\n", root.Name())
	for _, g := range root.Groups() {
		_, _ = fmt.Fprintf(w, "\n%s\n", g.Title)
		for _, c := range grouped(root, g.ID) {
			printCommands(w, append([]*cobra.Command{c}, available(c)...), width)
		}
	}
	_, _ = fmt.Fprintln(w, "\nMore:")
	printCommands(w, grouped(root, ""), width)
	printFlags(w, "Global flags", root.PersistentFlags())
	printFlags(w, "Flags without a command", root.LocalNonPersistentFlags())
	_, _ = fmt.Fprintf(w, "\nExit status:\n%s", vaultStatuses(exitNoCodes)[statusKey])
}

// printCommands prints a line for each command, with its path below the root. The
// names take at least the given width.
func printCommands(w io.Writer, commands []*cobra.Command, width int) {
	name := func(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ") }
	for _, c := range commands {
		width = max(width, len(name(c)))
	}
	for _, c := range commands {
		_, _ = fmt.Fprintf(w, "  %-*s  %s\n", width, name(c), c.Short)
	}
}

func printFlags(w io.Writer, title string, flags *pflag.FlagSet) {
	if help := flags.Lookup("help"); help != nil {
		help.Hidden = true // whoever reads this knows it
	}
	if flags.HasAvailableFlags() {
		_, _ = fmt.Fprintf(w, "\n%s:\n%s", title, flags.FlagUsagesWrapped(helpWidth))
	}
}

// available returns the commands below c that users see.
func available(c *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(c.Commands()), func(sub *cobra.Command) bool { return !sub.IsAvailableCommand() })
}

// grouped returns the commands of a group.
func grouped(root *cobra.Command, id string) []*cobra.Command {
	return slices.DeleteFunc(available(root), func(c *cobra.Command) bool { return c.GroupID != id })
}

func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:         "help [COMMAND...]",
		Short:       "Explain a command, or list all",
		Long:        "Explain a command. 'npmotp help all' lists every command and the global flags.",
		Annotations: statuses(exitUsage),
		Example:     "  npmotp help all\n  npmotp help recovery add",
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Equal(args, []string{"all"}) {
				printAll(cmd.OutOrStdout(), cmd.Root())
				return nil
			}
			of := cmd.Root()
			for _, name := range args {
				i := slices.IndexFunc(of.Commands(), func(c *cobra.Command) bool { return c.Name() == name || c.HasAlias(name) })
				if i < 0 {
					return unknownCommand(of, name)
				}
				of = of.Commands()[i]
			}
			return of.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []cobra.Completion
			if len(args) == 0 {
				names = append(names, cobra.CompletionWithDesc("all", "every command and the global flags"))
			}
			for _, c := range available(of) {
				names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// unknownCommand says that there is no command of a name below c, and which one
// is nearest to it.
func unknownCommand(c *cobra.Command, name string) error {
	hint := fmt.Sprintf("'%s --help' lists the commands", c.CommandPath())
	if !c.HasParent() {
		hint = fmt.Sprintf("'%s help all' lists the commands", c.Name())
	}
	if !c.HasParent() && tools.Known(name) {
		return &ui.UsageError{Msg: fmt.Sprintf("unknown command %q", name), Hint: fmt.Sprintf("'npmotp exec %s ...' runs it with a code", name)}
	}
	// One wrong letter, and then two.
	for c.SuggestionsMinimumDistance = 1; c.SuggestionsMinimumDistance <= 2; c.SuggestionsMinimumDistance++ {
		if near := c.SuggestionsFor(name); len(near) > 0 {
			hint = fmt.Sprintf("did you mean '%s %s'?", c.CommandPath(), near[0])
			break
		}
	}
	return &ui.UsageError{Msg: fmt.Sprintf("unknown command %q", name), Hint: hint}
}

// release is set by the linker when a release is built:
// -ldflags "-X npmotp/cmd.release=v1.2.3".
var release string //nolint:gochecknoglobals // the linker sets nothing else

// version returns the version of this program. Without a release it is that of
// the module, which "go install" at a version knows.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "unknown"
}

// versionFlag alone on the command line is answered without the command tree.
const versionFlag = "--version"

func (app *App) printVersion() error {
	_, err := fmt.Fprintf(app.Out, "npmotp %s\n", version())
	return err
}

func newVersionCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "Print the version",
		Long:        "Print the version of npmotp, of Go, and the system it was built for.",
		Annotations: statuses(exitUsage),
		Example:     "  npmotp version --json",
		Args:        noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if app.flags.json {
				return app.JSON(struct {
					Version string `json:"version"`
					Go      string `json:"go"`
					OS      string `json:"os"`
					Arch    string `json:"arch"`
				}{version(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
			}
			_, err := fmt.Fprintf(app.Out, "npmotp %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
