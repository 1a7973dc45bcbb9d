import { type CompletionRequest, flagWords, quote, valuesOf } from './words.js'

/** Completion for zsh: a file `_pg-billing-audit` on `fpath`, or `source <(pg-billing-audit completion zsh)`. */
export function renderZshCompletion({ commands, values }: CompletionRequest): string {
  const described = (word: string, about: string) => quote(`${word.replaceAll(':', '\\:')}:${about}`)
  const after = commands.flatMap((command) =>
    command.flags.flatMap((flag) => {
      const words = valuesOf(flag, values)
      const forms = [`--${flag.name}`, ...(flag.char ? [`-${flag.char}`] : [])]
      const patterns = forms.map((form) => quote(`${command.id} ${form}`)).join('|')
      return words.length > 0 ? [`    ${patterns}) compadd -- ${words.map(quote).join(' ')}; return ;;`] : []
    }),
  )
  const flags = commands.map((command) => {
    const list = flagWords(command).map(({ word, about }) => described(word, about))
    return `      ${command.id}) choices=(${list.join(' ')}) ;;`
  })
  const args = commands.flatMap(({ id, args: [first] }) => {
    const words = first ? (values[first.name] ?? []) : []
    return words.length > 0 ? [`    ${id}) compadd -- ${words.map(quote).join(' ')} ;;`] : []
  })
  return `#compdef pg-billing-audit
_pg_billing_audit() {
  local -a choices
  if (( CURRENT == 2 )); then
    choices=(${commands.map(({ id, summary }) => described(id, summary)).join(' ')})
    _describe command choices
    return
  fi
  case "$words[2] $words[CURRENT-1]" in
${after.join('\n')}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    case $words[2] in
${flags.join('\n')}
    esac
    _describe flag choices
    return
  fi
  case $words[2] in
${args.join('\n')}
    *) _files ;;
  esac
}
if [[ $funcstack[1] == _pg-billing-audit ]]; then
  _pg_billing_audit "$@"
else
  compdef _pg_billing_audit pg-billing-audit
fi
`
}
