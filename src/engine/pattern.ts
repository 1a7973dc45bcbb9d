/**
 * Whether a pattern covers a name or what the name belongs to: `public.legacy_*` covers `public.legacy_plan.price`, and
 * `db/old` covers `db/old/1.sql`. `*` stands for any text without the separator, `**` for any text, `?` for one character.
 */
export function covers(pattern: string, name: string, separator: '.' | '/'): boolean {
  const stop = separator === '.' ? '\\.' : '/'
  const expression = pattern.replace(/[*]{2}|[*?]|[\\^$.|+()[\]{}]/g, (part) => {
    if (part === '**') return '.*'
    if (part === '*') return `[^${stop}]*`
    return part === '?' ? `[^${stop}]` : `\\${part}`
  })
  return new RegExp(`^${expression}(?:${stop}|$)`, 's').test(name)
}

/** Whether a rule id is meant: by its own name, by `category/*`, or by `*`. */
export function namesRule(pattern: string, id: string): boolean {
  return pattern === '*' || pattern === id || (pattern.endsWith('/*') && id.startsWith(pattern.slice(0, -1)))
}
