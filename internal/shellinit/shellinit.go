// Package shellinit writes the functions that stand in a shell for npm and its
// peers: they go through 'npmotp exec' where a code may be due and there is a vault,
// and are the tool itself everywhere else.
//
// The words come from the table that exec goes by. A function only looks at them and
// starts nothing, so that it costs next to nothing where no code is due; exec then
// decides whether one is.
package shellinit

import (
	"fmt"
	"slices"
	"strings"

	"npmotp/internal/npm/tools"
)

// Shells returns the shells that there are functions for.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// Tools returns the tools that get a function.
func Tools() []string { return []string{"npm", "pnpm", "yarn", "bun", "gem"} }

// Script returns the functions for a shell, as text that the shell evaluates, and
// whether it is one of [Shells]. Vault returns the path of the vault that is opened
// when NPMOTP_VAULT and XDG_DATA_HOME are not set, given how the shell writes the
// value of a variable.
func Script(shell string, vault func(variable func(name string) string) string) (string, bool) {
	plain := vault(func(name string) string {
		if name == "XDG_DATA_HOME" {
			return ""
		}
		return "$" + name
	})
	switch shell {
	case "bash", "zsh":
		return posix(shell, plain), true
	case "fish":
		return fish(plain), true
	case "powershell":
		return powershell(strings.ReplaceAll(plain, "$", "$env:")), true
	}
	return "", false
}

// branches returns what tells for a tool, in the order in which it is tried: what
// always wants a code, what does by its next word, and what runs something.
func branches(tool string) []tools.Due {
	var always, runs tools.Due
	var all []tools.Due
	for _, d := range tools.DueWords(tool) {
		switch {
		case d.Runs:
			runs = tools.Due{Words: append(runs.Words, d.Words...), Runs: true}
		case !d.Only && len(d.Verbs) == 0:
			always.Words = append(always.Words, d.Words...)
		default:
			all = append(all, d)
		}
	}
	all = append([]tools.Due{always}, all...)
	if runs.Runs {
		all = append(all, runs)
	}
	return all
}

// header is the comment at the top of each script.
func header(shell, load, undo string) string {
	return fmt.Sprintf("# npmotp's functions for %s. In %s:\n#     %s\n# To undo it in this shell:\n#     %s\n", strings.Join(Tools(), ", "), shell, load, undo)
}

const posixFunctions = `
# Where another function is called so, or the tool is not there, there is none.
_npmotp_tools=${_npmotp_tools-}
_npmotp_free() {
	case " $_npmotp_tools " in *" $1 "*) return 0 ;; esac
	if %s; then return 1; fi
	if ! %s >/dev/null 2>&1; then return 1; fi
	_npmotp_tools="$_npmotp_tools $1"
}

# Whether there is a vault.
_npmotp_vault() {
	if [ -n "${NPMOTP_VAULT-}" ]; then [ -f "$NPMOTP_VAULT" ]; return; fi
	case ${XDG_DATA_HOME-} in
	/*) [ -f "$XDG_DATA_HOME/npmotp/vault.npmotp" ] ;;
	*) [ -f "%s" ] ;;
	esac
}

_npmotp_run() {
	if _npmotp_due "$@" && _npmotp_vault && \command -v npmotp >/dev/null 2>&1; then
		\command npmotp exec -- "$@"
	else
		\command "$@"
	fi
}
`

// posix returns the script for bash, of version 3.2 and later, and for zsh. What
// options of the shell change, word splitting and arrays above all, does not stand in
// it; the word function keeps an alias of the tool's name from being expanded where the
// tool is defined, and the backslash one of command's.
func posix(shell, vault string) string {
	load, undo := `eval "$(npmotp shell-init `+shell+`)"`, "unset -f "+strings.Join(Tools(), " ")
	taken, there := `declare -F "$1" >/dev/null`, `type -P "$1"`
	file := "~/.bashrc"
	if shell == "zsh" {
		undo = "unfunction " + strings.Join(Tools(), " ")
		taken, there, file = `[[ -n ${functions[$1]-} ]]`, `whence -p "$1"`, "~/.zshrc"
	}
	var b strings.Builder
	b.WriteString(header(file, load, undo))
	b.WriteString("\n# Whether the words of a command line may want a code.\n_npmotp_due() {\n\tcase $1 in\n")
	for _, tool := range Tools() {
		fmt.Fprintf(&b, "\t%s)\n\t\tcase ${2-} in\n", tool)
		for _, br := range branches(tool) {
			fmt.Fprintf(&b, "\t\t%s) ", alternatives(br.Words))
			switch {
			case br.Runs:
				b.WriteString(";;\n")
			case br.Only:
				fmt.Fprintf(&b, "case ${3-} in %s|-*) return 0 ;; *) return 1 ;; esac ;;\n", alternatives(br.Verbs))
			case len(br.Verbs) > 0:
				fmt.Fprintf(&b, "case ${3-} in %s) return 1 ;; *) return 0 ;; esac ;;\n", alternatives(br.Verbs))
			default:
				b.WriteString("return 0 ;;\n")
			}
		}
		b.WriteString("\t\t-*) ;;\n\t\t*) return 1 ;;\n\t\tesac ;;\n")
	}
	fmt.Fprintf(&b, "\t*) return 1 ;;\n\tesac\n\twhile [ $# -gt 1 ]; do\n\t\tshift\n\t\tcase $1 in %s) return 0 ;; esac\n\tdone\n\treturn 1\n}\n", alternatives(tools.DueAnywhere()))
	fmt.Fprintf(&b, posixFunctions, taken, there, vault)
	b.WriteByte('\n')
	for _, tool := range Tools() {
		fmt.Fprintf(&b, "if _npmotp_free %[1]s; then function %[1]s { _npmotp_run %[1]s \"$@\"; }; fi\n", tool)
	}
	return b.String()
}

// alternatives returns words as the pattern of a case.
func alternatives(words []string) string {
	quoted := slices.Clone(words)
	for i, w := range quoted {
		if w == "" {
			quoted[i] = "''"
		}
	}
	return strings.Join(quoted, "|")
}

const fishFunctions = `
# Where another function is called so, or the tool is not there, there is none.
function _npmotp_free
	contains -- $argv[1] $_npmotp_tools; and return 0
	functions -q -- $argv[1]; and return 1
	type -fq -- $argv[1]; or return 1
	set -g _npmotp_tools $_npmotp_tools $argv[1]
end

# Whether there is a vault.
function _npmotp_vault
	if test -n "$NPMOTP_VAULT"
		test -f "$NPMOTP_VAULT"
	else if string match -q -- '/*' "$XDG_DATA_HOME"
		test -f "$XDG_DATA_HOME/npmotp/vault.npmotp"
	else
		test -f "%s"
	end
end

function _npmotp_run
	if _npmotp_due $argv; and _npmotp_vault; and type -fq npmotp
		command npmotp exec -- $argv
	else
		command $argv
	end
end
`

// fish returns the script for fish, of version 3 and later. Its completions go by
// the name of a command, so those of the tool are those of the function.
func fish(vault string) string {
	var b strings.Builder
	b.WriteString(header("~/.config/fish/config.fish", "npmotp shell-init fish | source", "functions -e "+strings.Join(Tools(), " ")+"; set -e _npmotp_tools"))
	b.WriteString("\n# Whether the words of a command line may want a code.\nfunction _npmotp_due\n\tswitch $argv[1]\n")
	for _, tool := range Tools() {
		fmt.Fprintf(&b, "\t\tcase %s\n\t\t\tswitch \"$argv[2]\"\n", tool)
		for _, br := range branches(tool) {
			fmt.Fprintf(&b, "\t\t\t\tcase %s\n", strings.Join(br.Words, " "))
			switch {
			case br.Runs:
			case br.Only:
				fmt.Fprintf(&b, "\t\t\t\t\tstring match -q -- '-*' \"$argv[3]\"; or contains -- \"$argv[3]\" %s\n\t\t\t\t\treturn\n", strings.ReplaceAll(alternatives(br.Verbs), "|", " "))
			case len(br.Verbs) > 0:
				fmt.Fprintf(&b, "\t\t\t\t\tnot contains -- \"$argv[3]\" %s\n\t\t\t\t\treturn\n", strings.ReplaceAll(alternatives(br.Verbs), "|", " "))
			default:
				b.WriteString("\t\t\t\t\treturn 0\n")
			}
		}
		b.WriteString("\t\t\t\tcase '-*'\n\t\t\t\tcase '*'\n\t\t\t\t\treturn 1\n\t\t\tend\n")
	}
	fmt.Fprintf(&b, "\t\tcase '*'\n\t\t\treturn 1\n\tend\n\tfor word in $argv[2..-1]\n\t\tcontains -- $word %s; and return 0\n\tend\n\treturn 1\nend\n", strings.Join(tools.DueAnywhere(), " "))
	fmt.Fprintf(&b, fishFunctions, vault)
	b.WriteByte('\n')
	for _, tool := range Tools() {
		fmt.Fprintf(&b, "if _npmotp_free %[1]s\n\tfunction %[1]s\n\t\t_npmotp_run %[1]s $argv\n\tend\nend\n", tool)
	}
	return b.String()
}
