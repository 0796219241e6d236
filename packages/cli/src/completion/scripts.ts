/** What `signalbox completion SHELL` prints: each script asks `signalbox complete SHELL -- WORDS…`, one candidate a line. */

export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

/** Stands for an empty word, which older versions of PowerShell do not pass on. */
export const EMPTY_WORD = "%";

/** Bash 3.2 of macOS has no `mapfile`. Bash splits words at `=`, so a candidate is only what follows it. */
const BASH = `# signalbox: put this line into ~/.bashrc
#   source <(signalbox completion bash)
_signalbox() {
  COMPREPLY=()
  local value
  while IFS=$'\\t' read -r value _; do
    COMPREPLY+=("$value")
  done < <(signalbox complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _signalbox signalbox
`;

const ZSH = `#compdef signalbox
# signalbox: put this line into ~/.zshrc, after compinit
#   source <(signalbox completion zsh)
_signalbox() {
  local value about
  local -a candidates
  while IFS=$'\\t' read -r value about; do
    candidates+=("\${value//:/\\\\:}:$about")
  done < <(signalbox complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe -V 'signalbox' candidates
}
if [ "\${funcstack[1]}" = "_signalbox" ]; then _signalbox; else compdef _signalbox signalbox; fi
`;

const FISH = `# signalbox: save this as ~/.config/fish/completions/signalbox.fish
#   signalbox completion fish > ~/.config/fish/completions/signalbox.fish
function __signalbox_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    signalbox complete fish -- $words[2..-1] "$current" 2>/dev/null
end
complete -c signalbox -f -k -a '(__signalbox_complete)'
`;

const POWERSHELL = `# signalbox: put this line into your profile ($PROFILE)
#   signalbox completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName signalbox -ScriptBlock {
    param($word, $ast, $cursor)
    $words = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object { "$_" })
    if ($word -eq '') { $words += '${EMPTY_WORD}' }
    & signalbox complete powershell '--' @words 2>$null | ForEach-Object {
        $value, $about = $_ -split "\`t", 2
        if (-not $about) { $about = $value }
        # Without quotes, PowerShell would read @order.json as a variable.
        $text = if ($value.StartsWith('@')) { "'$value'" } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
    }
}
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
