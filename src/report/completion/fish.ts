import { type CompletionRequest, valuesOf } from './words.js'

/** Completion for fish: `pg-billing-audit completion fish | source`. */
export function renderFishCompletion({ commands, values }: CompletionRequest): string {
  const base = 'complete -c pg-billing-audit'
  const lines = commands.flatMap(({ id, summary, flags, args: [first] }) => {
    const on = `-n ${quote(`__fish_seen_subcommand_from ${id}`)}`
    const words = first ? (values[first.name] ?? []) : []
    return [
      `${base} -n __fish_use_subcommand -f -a ${id} -d ${quote(summary)}`,
      ...(words.length > 0 ? [`${base} ${on} -f -a ${quote(words.join(' '))}`] : []),
      ...flags.flatMap((flag) => {
        const known = valuesOf(flag, values)
        const takes = flag.value === null ? '' : known.length > 0 ? ` -x -a ${quote(known.join(' '))}` : ' -r'
        const about = quote(flag.description.split(/[.;]/)[0] ?? '')
        return [
          `${base} ${on} -l ${flag.name}${flag.char ? ` -s ${flag.char}` : ''}${takes} -d ${about}`,
          ...(flag.allowNo ? [`${base} ${on} -l no-${flag.name} -d ${about}`] : []),
        ]
      }),
    ]
  })
  return `# pg-billing-audit completion for fish\n${lines.join('\n')}\n`
}

/** In fish a backslash escapes within single quotes, too. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
