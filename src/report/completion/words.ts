import type { CommandInfo, FlagInfo } from '../manual/command.js'

/** What a shell completes. */
export interface CompletionRequest {
  readonly commands: readonly CommandInfo[]
  /** Values of flags and arguments that take any text, by their name: rule ids, formats. */
  readonly values: Readonly<Record<string, readonly string[]>>
}

/** Everything that can stand as a flag of a command. */
export function flagWords({ flags }: CommandInfo): readonly { readonly word: string; readonly about: string }[] {
  return flags.flatMap(({ name, char, allowNo, description }) => {
    const about = description.split(/[.;]/)[0] ?? ''
    return [
      { word: `--${name}`, about },
      ...(allowNo ? [{ word: `--no-${name}`, about }] : []),
      ...(char ? [{ word: `-${char}`, about }] : []),
    ]
  })
}

/** The values that a flag takes, where they are known. */
export function valuesOf({ name, options, value }: FlagInfo, values: CompletionRequest['values']): readonly string[] {
  if (value === null) return []
  return options.length > 0 ? options : (values[name] ?? [])
}

/** A word between single quotes, for every shell here. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
