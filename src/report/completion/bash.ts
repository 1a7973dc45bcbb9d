import { type CompletionRequest, flagWords, quote, valuesOf } from './words.js'

/** Completion for bash: `source <(pg-billing-audit completion bash)`. */
export function renderBashCompletion({ commands, values }: CompletionRequest): string {
  const after = commands.flatMap((command) =>
    command.flags.flatMap((flag) => {
      const words = valuesOf(flag, values)
      const forms = [`--${flag.name}`, ...(flag.char ? [`-${flag.char}`] : [])]
      return words.length > 0
        ? [`    ${forms.map((form) => quote(`${command.id} ${form}`)).join('|')}) words=${quote(words.join(' '))} ;;`]
        : []
    }),
  )
  const flags = commands.map(
    (command) =>
      `      ${command.id}) words=${quote(
        flagWords(command)
          .map(({ word }) => word)
          .join(' '),
      )} ;;`,
  )
  const args = commands.flatMap(({ id, args: [first] }) => {
    const words = first ? (values[first.name] ?? []) : []
    return words.length > 0 ? [`      ${id}) words=${quote(words.join(' '))} ;;`] : []
  })
  return `# pg-billing-audit completion for bash
_pg_billing_audit() {
  local current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quote([...commands.map(({ id }) => id), 'help', '--help', '--version'].join(' '))}
  else
    case "$command \${COMP_WORDS[COMP_CWORD - 1]}" in
${after.join('\n')}
    esac
  fi
  if [ -z "$words" ] && [[ $current == -* ]]; then
    case $command in
${flags.join('\n')}
    esac
  elif [ -z "$words" ]; then
    case $command in
${args.join('\n')}
      help) words=${quote(commands.map(({ id }) => id).join(' '))} ;;
    esac
  fi
  if [ -n "$words" ]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
  else
    compopt -o default 2>/dev/null || true
  fi
}
complete -F _pg_billing_audit pg-billing-audit
`
}
