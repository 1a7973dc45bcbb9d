/** What came of looking for rows in a step's way, on the scanned database or on rows that files insert. */
export interface DataCheck {
  /** The SELECT that counts them. */
  readonly count: string
  /** A SELECT that lists them; null where there is none. */
  readonly listing: string | null
  readonly outcome: 'clear' | 'in the way' | 'not checked'
  /** How many there are; null when it was not checked. */
  readonly rows: number | null
  /** Primary keys of some of them, as text. No other value of a row is ever here. */
  readonly keys: readonly string[]
  /** Why it was not checked. */
  readonly reason: string | null
}
