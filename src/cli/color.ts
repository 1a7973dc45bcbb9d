/** What decides about colour. */
export interface ColorRequest {
  /** `--color` or `--no-color`; undefined when neither was given. */
  readonly flag: boolean | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether the text goes to a terminal. */
  readonly terminal: boolean
}

/** The colour level of an output: flag, then NO_COLOR, FORCE_COLOR, TERM=dumb, and at last whether it is a terminal. */
export function decideColor({ flag, environment, terminal }: ColorRequest): 0 | 1 | 2 | 3 {
  if (flag !== undefined) return flag ? capability(environment) : 0
  if (environment['NO_COLOR']) return 0
  const forced = environment['FORCE_COLOR']
  if (forced !== undefined && forced !== '') {
    if (forced === '0' || forced === 'false') return 0
    return forced === '1' || forced === '2' || forced === '3' ? (Number(forced) as 1 | 2 | 3) : capability(environment)
  }
  if (environment['TERM'] === 'dumb') return 0
  return terminal ? capability(environment) : 0
}

function capability({ COLORTERM = '', TERM = '' }: ColorRequest['environment']): 1 | 2 | 3 {
  if (/truecolor|24bit/.test(COLORTERM)) return 3
  return TERM.includes('256') ? 2 : 1
}
