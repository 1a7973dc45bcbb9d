/** What a suppression says in words: `rule[, rule]: reason until 2027-01-31`. */
export interface Directive {
  /** Rule ids, `category/*` or `*`; none when none was named. */
  readonly rules: readonly string[]
  readonly reason: string | null
  /** `2027-01-31` */
  readonly until: string | null
  /** What cannot be understood, as one sentence. */
  readonly complaint: string | null
}

const RULE = /^[a-z0-9-]+\/(?:[a-z0-9-]+|\*)$|^\*$/i
const UNTIL = /[\s,;(]*\buntil[\s:]+(\S+?)\)?[.\s]*$/i
const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/

/** Reads what stands behind the marker. Rules are separated by commas; a colon or a blank begins the reason. */
export function readDirective(text: string): Directive {
  const rules: string[] = []
  let rest = text.trim()
  for (;;) {
    const [, word = '', separator = ''] = /^([^\s,:]+)(\s*,\s*|\s*:\s*|\s+|$)/.exec(rest) ?? []
    if (!RULE.test(word)) break
    rules.push(word)
    rest = rest.slice(word.length + separator.length)
    if (!separator.includes(',')) break
  }
  rest = rest.replace(/^\s*(?::|--|–|—)\s*/, '')
  const date = UNTIL.exec(rest)
  const until = date?.[1] ?? null
  const reason = (date ? rest.slice(0, date.index) : rest).trim().replace(/^[:,-]+\s*/, '')
  const complaint = until !== null && !DATE.test(until) ? `«${until}» is no date; write \`until 2027-01-31\`.` : null
  return { rules, reason: reason === '' ? null : reason, until, complaint }
}
