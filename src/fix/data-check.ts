/** What came of looking for rows in a step's way, on the scanned database or among the rows that files insert. */
export interface DataCheck {
  /** The SELECT that counts them. */
  readonly count: string
  /** A SELECT that lists them by primary key; null where there is none. */
  readonly listing: string | null
  readonly outcome: 'clear' | 'in the way' | 'not checked'
  /** How many there are; null when it was not checked. */
  readonly rows: number | null
  /** Columns of the primary key. */
  readonly keyColumns: readonly string[]
  /** Primary keys of some of them, as text. No other value of a row is ever here. */
  readonly keys: readonly string[]
  /** Why it was not checked. */
  readonly reason: string | null
}

/** The question that rows in the way of a fix put to a person; null when there are none. `does` is what its statements do about them. */
export function askAboutRows(checks: readonly DataCheck[], does: readonly string[]): string | null {
  const inTheWay = checks.filter(({ outcome }) => outcome === 'in the way')
  if (inTheWay.length === 0) return null
  const isOne = inTheWay.length === 1 && inTheWay[0]?.rows === 1
  const question =
    does.length > 0
      ? `May ${does.join(', and ')}? One of the statements does so, and it cannot be undone.`
      : `What shall become of ${isOne ? 'it' : 'them'}?`
  return `${inTheWay.map(describeRows).join(' and ')} ${isOne ? 'is' : 'are'} in its way. ${question}`
}

/** `3 rows (id 4, 9, 12)`. */
export function describeRows({ rows, keyColumns, keys }: DataCheck): string {
  const counted = `${(rows ?? 0).toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`
  if (keys.length === 0) return counted
  const columns = keyColumns.length === 1 ? keyColumns.join() : `(${keyColumns.join(', ')})`
  return `${counted} (${columns} ${keys.join(', ')}${keys.length < (rows ?? 0) ? ' …' : ''})`
}
