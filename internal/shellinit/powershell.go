package shellinit

import (
	"fmt"
	"strings"

	"npmotp/internal/npm/tools"
)

const powershellFunctions = `
# Whether there is a vault.
function global:_npmotp_vault {
	if ($env:NPMOTP_VAULT) { return Test-Path -LiteralPath $env:NPMOTP_VAULT -PathType Leaf }
	if ($env:XDG_DATA_HOME -and [IO.Path]::IsPathRooted($env:XDG_DATA_HOME)) {
		return Test-Path -LiteralPath (Join-Path $env:XDG_DATA_HOME 'npmotp/vault.npmotp') -PathType Leaf
	}
	return Test-Path -LiteralPath "%s" -PathType Leaf
}

# The arguments of a function, with the -- that PowerShell takes out of them.
function global:_npmotp_given($call, $given) {
	$given = [Collections.ArrayList]@($given)
	$text = $call.Line.Substring([Math]::Max(0, $call.OffsetInLine - 1))
	$ast = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$null, [ref]$null)
	$command = $ast.Find({ param($a) $a -is [Management.Automation.Language.CommandAst] }, $true)
	if ($command) {
		for ($i = 1; $i -lt $command.CommandElements.Count; $i++) {
			if ($command.CommandElements[$i].Extent.Text -ceq '--') {
				if ($i - 1 -le $given.Count) { $given.Insert($i - 1, '--') }
				break
			}
		}
	}
	return , $given.ToArray()
}

function global:_npmotp_run($tool, $given, $piped, $fed) {
	$program = Get-Command $tool -CommandType Application -TotalCount 1 -ErrorAction Stop
	if ((_npmotp_due $tool $given) -and (_npmotp_vault)) {
		$npmotp = Get-Command npmotp -CommandType Application -TotalCount 1 -ErrorAction SilentlyContinue
		if ($npmotp) {
			$program = $npmotp
			$given = @('exec', '--', $tool) + $given
		}
	}
	if ($piped) { $fed | & $program @given } else { & $program @given }
}
`

// powershell returns the script for PowerShell 5.1 and later.
func powershell(vault string) string {
	var b strings.Builder
	b.WriteString(header("$PROFILE", "npmotp shell-init powershell | Out-String | Invoke-Expression", "Remove-Item Function:"+strings.Join(Tools(), ", Function:")))
	b.WriteString("\n# Whether the words of a command line may want a code.\nfunction global:_npmotp_due($tool, $given) {\n\t$first = [string]($given | Select-Object -First 1)\n\t$second = [string]($given | Select-Object -Skip 1 -First 1)\n\t$look = $first -clike '-*'\n\tswitch ($tool) {\n")
	for _, tool := range Tools() {
		fmt.Fprintf(&b, "\t\t'%s' {\n", tool)
		for _, br := range branches(tool) {
			fmt.Fprintf(&b, "\t\t\tif ($first -cin %s) { ", list(br.Words))
			switch {
			case br.Runs:
				b.WriteString("$look = $true }\n")
			case br.Only:
				fmt.Fprintf(&b, "return ($second -clike '-*') -or ($second -cin %s) }\n", list(br.Verbs))
			case len(br.Verbs) > 0:
				fmt.Fprintf(&b, "return $second -cnotin %s }\n", list(br.Verbs))
			default:
				b.WriteString("return $true }\n")
			}
		}
		b.WriteString("\t\t}\n")
	}
	fmt.Fprintf(&b, "\t}\n\tif (-not $look) { return $false }\n\t$words = %s\n\tforeach ($word in $given) { if ($word -cin $words) { return $true } }\n\treturn $false\n}\n", list(tools.DueAnywhere()))
	fmt.Fprintf(&b, powershellFunctions, vault)
	b.WriteByte('\n')
	for _, tool := range Tools() {
		fmt.Fprintf(&b, "if (Get-Command %[1]s -CommandType Application -ErrorAction SilentlyContinue) {\n\tfunction global:%[1]s { _npmotp_run '%[1]s' (_npmotp_given $MyInvocation $args) $MyInvocation.ExpectingInput $input }\n}\n", tool)
	}
	return b.String()
}

// list returns words as an array of PowerShell.
func list(words []string) string { return "@('" + strings.Join(words, "', '") + "')" }
