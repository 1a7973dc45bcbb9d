/** A command as its manual page and the completion of shells need it. */
export interface CommandInfo {
  readonly id: string
  readonly summary: string
  readonly description: string
  readonly examples: readonly { readonly description: string; readonly command: string }[]
  readonly args: readonly ArgumentInfo[]
  readonly flags: readonly FlagInfo[]
}

export interface ArgumentInfo {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly multiple: boolean
}

export interface FlagInfo {
  readonly name: string
  readonly char: string | null
  readonly description: string
  /** What stands for its value, such as `<file>`; null for a switch. */
  readonly value: string | null
  /** The only values that it takes; empty when any will do. */
  readonly options: readonly string[]
  readonly multiple: boolean
  /** It can be taken back with `--no-…`. */
  readonly allowNo: boolean
  readonly default: string | null
}

/** The page of one command, in Markdown. */
export function renderCommandPage({ id, summary, description, examples, args, flags }: CommandInfo): string {
  const usage = args.map(({ name, required, multiple }) => {
    const shown = `${name.toUpperCase()}${multiple ? '…' : ''}`
    return required ? shown : `[${shown}]`
  })
  const parts = [
    `# pg-billing-audit ${id}`,
    summary,
    `\`\`\`sh\npg-billing-audit ${[id, ...usage, ...(flags.length > 0 ? ['[flags]'] : [])].join(' ')}\n\`\`\``,
    ...(description ? [description] : []),
    ...(args.length > 0 ? ['## Arguments', args.map(renderArgument).join('\n')] : []),
    ...(flags.length > 0 ? ['## Flags', flags.map(renderFlag).join('\n')] : []),
    ...(examples.length > 0
      ? ['## Examples', ...examples.map((one) => `${one.description}\n\n\`\`\`sh\n${one.command}\n\`\`\``)]
      : []),
  ]
  return `${parts.join('\n\n')}\n`
}

/** The list of all commands, in Markdown. */
export function renderCommandIndex(commands: readonly CommandInfo[]): string {
  const lines = commands.map(({ id, summary }) => `- [${id}](${id}.md): ${summary}`)
  return `# Commands\n\n${lines.join('\n')}\n`
}

function renderArgument({ name, description }: ArgumentInfo): string {
  return `- \`${name.toUpperCase()}\`: ${description}`
}

function renderFlag(flag: FlagInfo): string {
  const { name, char, value, options, multiple, allowNo, description } = flag
  const forms = [`--${allowNo ? '[no-]' : ''}${name}${value ? ` ${value}` : ''}`, ...(char ? [`-${char}`] : [])]
  const facts = [
    options.length > 0 ? `One of ${options.join(', ')}.` : '',
    multiple && !/repeated/.test(description) ? 'May be repeated.' : '',
    flag.default !== null ? `Default: \`${flag.default}\`.` : '',
  ]
  return `- \`${forms.join('`, `')}\`: ${[description, ...facts].filter(Boolean).join(' ')}`
}
