/** How a runner puts statements into transactions. */
export type TransactionMode =
  /** One transaction around all files that are pending. */
  | 'all'
  /** One transaction around each file. */
  | 'each'
  /** The file is one query: several statements in it are one implicit transaction, and none may be CONCURRENTLY. */
  | 'query'
  /** Each statement is a transaction, unless the script says BEGIN. */
  | 'none'

/** What runs migrations of a layout, as its source code says. */
export interface Runner {
  readonly transaction: TransactionMode
  /** How it sends a file that is not to be in a transaction. */
  readonly otherwise: 'query' | 'none'
  /** Whether a file says that it is not to be in a transaction. */
  optsOut?(file: RunnerFile): boolean
  /** As soon as one of the files that are pending is to have none, each of the others has a transaction of its own. */
  readonly eachWhenOneOptsOut?: true
  /** The line that begins a part with a transaction of its own, and what in it says that it is to have none. */
  readonly parts?: { readonly begins: RegExp; readonly optsOut: RegExp }
}

/** A file as its runner sees it. */
export interface RunnerFile {
  /** As it stands on disk. */
  readonly text: string
  readonly name: string
  /** A file in the same folder, or null. */
  beside(name: string): string | null
}

/** What the configuration says of the runner, where it is not what the layout tells. */
export interface RunnerChoice {
  readonly name?: string
  readonly transaction?: TransactionMode
}

/** Lines of a file from `line` on, up to the next part. */
export interface TransactionPart {
  readonly line: number
  readonly transaction: TransactionMode
}

const saying =
  (pattern: RegExp) =>
  ({ text }: RunnerFile): boolean =>
    pattern.test(text)

/** What Flyway's parser finds unable to run in a transaction; a file of such statements runs without one. */
const FLYWAY_LEAVES_OUT =
  /^\s*(?:(?:create|drop)\s+(?:unique\s+)?index\s+concurrently|(?:create|drop)\s+(?:database|tablespace|subscription)|alter\s+system|vacuum|discard\s+all|reindex\s+(?:verbose\s+)?(?:schema|database|system))\b/im

/** The runner of each layout; beside each how a file opts out of its transaction. */
export const RUNNERS: Readonly<Record<string, Runner>> = {
  atlas: { transaction: 'each', otherwise: 'none', optsOut: saying(/^--\s*atlas:txmode\s+none\b/m) },
  'db-migrate': { transaction: 'none', otherwise: 'none' },
  dbmate: {
    transaction: 'each',
    otherwise: 'query',
    optsOut: saying(/^--\s*migrate:up\b[^\n]*\btransaction:false\b/m),
  },
  diesel: {
    transaction: 'each',
    otherwise: 'query',
    optsOut: ({ beside }) => {
      const metadata = beside('metadata.toml')
      return metadata !== null && !/^\s*run_in_transaction\s*=\s*true\b/m.test(metadata)
    },
  },
  drizzle: { transaction: 'all', otherwise: 'none' },
  flyway: {
    transaction: 'each',
    otherwise: 'none',
    optsOut: ({ text, name, beside }) =>
      FLYWAY_LEAVES_OUT.test(text) || /^\s*executeInTransaction\s*=\s*false\b/im.test(beside(`${name}.conf`) ?? ''),
  },
  'golang-migrate': { transaction: 'query', otherwise: 'query' },
  goose: { transaction: 'each', otherwise: 'none', optsOut: saying(/^--\s*\+goose\s+no\s+transaction\s*$/im) },
  'graphile-migrate': { transaction: 'each', otherwise: 'query', optsOut: saying(/^--!\s*no-transaction\b/) },
  hasura: { transaction: 'each', otherwise: 'query' },
  knex: {
    transaction: 'all',
    otherwise: 'none',
    eachWhenOneOptsOut: true,
    optsOut: saying(/\bconfig\b[^]{0,40}?\{\s*transaction\s*:\s*false\b/),
  },
  kysely: { transaction: 'all', otherwise: 'none' },
  liquibase: {
    transaction: 'each',
    otherwise: 'none',
    parts: { begins: /^[ \t]*--[ \t]*changeset\b.*$/gim, optsOut: /\brunInTransaction:\s*"?false\b/i },
  },
  'mikro-orm': {
    transaction: 'all',
    otherwise: 'none',
    optsOut: saying(/\bisTransactional\s*\(\s*\)[^{]*\{\s*return\s+false\b/),
  },
  mybatis: { transaction: 'each', otherwise: 'none' },
  'node-pg-migrate': { transaction: 'all', otherwise: 'none', optsOut: saying(/\.noTransaction\s*\(\s*\)/) },
  play: { transaction: 'none', otherwise: 'none' },
  postgrator: { transaction: 'query', otherwise: 'query' },
  prisma: { transaction: 'query', otherwise: 'none', optsOut: saying(/^[^-\n]*\bindex\s+concurrently\b/im) },
  sequelize: { transaction: 'none', otherwise: 'none' },
  'sql-migrate': {
    transaction: 'each',
    otherwise: 'none',
    optsOut: saying(/^--\s*\+migrate\s+up\b[^\n]*\bnotransaction\b/im),
  },
  sqlx: { transaction: 'each', otherwise: 'query', optsOut: saying(/^-- no-transaction/) },
  sqitch: { transaction: 'none', otherwise: 'none' },
  supabase: { transaction: 'query', otherwise: 'query' },
  tern: { transaction: 'each', otherwise: 'none', optsOut: saying(/^---- tern: disable-tx ----$/m) },
  typeorm: {
    transaction: 'all',
    otherwise: 'none',
    optsOut: saying(/^\s*(?:(?:public|readonly)\s+)*transaction\s*(?::\s*(?:boolean|false)\s*)?=\s*false\b/m),
  },
}

/** psql and its like, for files of no known tool. */
const BY_HAND: Runner = { transaction: 'none', otherwise: 'none' }

/** In which transactions the runner puts a file; `mode` is what the configuration says the runner does by default. */
export function partsOf(runner: string, file: RunnerFile, mode?: TransactionMode): readonly TransactionPart[] {
  const { transaction: usual, otherwise, optsOut, parts } = RUNNERS[runner] ?? BY_HAND
  const transaction = mode ?? usual
  if (!parts) return [{ line: 1, transaction: optsOut?.(file) ? otherwise : transaction }]
  const begins = [...file.text.matchAll(parts.begins)]
  if (begins.length === 0) return [{ line: 1, transaction }]
  return begins.map(([header], index) => ({
    line: index === 0 ? 1 : lineOf(file.text, begins[index]!.index),
    transaction: parts.optsOut.test(header) ? otherwise : transaction,
  }))
}

interface PendingFile {
  readonly layout: string
  readonly parts: readonly TransactionPart[]
}

/** The files that are pending, in the transactions that they have together; `runner` is its name where the layout does not tell it. */
export function settleTransactions<T extends PendingFile>(pending: readonly T[], runner?: string): readonly T[] {
  const has = (name: string, mode: TransactionMode) =>
    pending.some(
      ({ layout, parts }) => (runner ?? layout) === name && parts.some(({ transaction }) => transaction === mode),
    )
  return pending.map((file) => {
    const name = runner ?? file.layout
    const known = RUNNERS[name]
    if (!known?.eachWhenOneOptsOut || !has(name, known.otherwise) || !has(name, 'all')) return file
    const parts = file.parts.map((part): TransactionPart =>
      part.transaction === 'all' ? { ...part, transaction: 'each' } : part,
    )
    return { ...file, parts }
  })
}

/** Whether the runner runs the second of two files that are pending in the transaction of the first. */
export function isJoined(first: PendingFile, second: PendingFile): boolean {
  return (
    first.layout === second.layout &&
    first.parts.at(-1)?.transaction === 'all' &&
    second.parts[0]?.transaction === 'all'
  )
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
