/** The script that teaches a shell to ask `bowline __complete` for the candidates of the word under the cursor. */
export function completionScript(shell: "bash" | "zsh" | "fish"): string {
  return SCRIPTS[shell];
}

const BASH = `# bash completion for bowline; use: eval "$(bowline completion bash)"
_bowline() {
  local line value
  COMPREPLY=()
  while IFS=$'\\t' read -r value line; do
    case "$value" in
      :file) compopt -o default 2>/dev/null; COMPREPLY=(); return ;;
      :folder) compopt -o dirnames 2>/dev/null; COMPREPLY=(); return ;;
      *) COMPREPLY+=("$value") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _bowline bowline
`;

const ZSH = `#compdef bowline
# zsh completion for bowline; use: source <(bowline completion zsh)
_bowline() {
  local value about
  local -a found
  while IFS=$'\\t' read -r value about; do
    case "$value" in
      :file) _files; return ;;
      :folder) _files -/; return ;;
      *) found+=("\${value//:/\\\\:}\${about:+:$about}") ;;
    esac
  done < <("\${words[1]}" __complete -- "\${(@)words[2,$CURRENT]}" 2>/dev/null)
  _describe 'bowline' found
}
if [ "$funcstack[1]" = "_bowline" ]; then _bowline "$@"; else compdef _bowline bowline; fi
`;

const FISH = `# fish completion for bowline; use: bowline completion fish | source
function __bowline_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    switch $line
      case ':file'
        __fish_complete_path (commandline -ct)
      case ':folder'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c bowline -f -a '(__bowline_complete)'
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH };
