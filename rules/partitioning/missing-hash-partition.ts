import { hashBoundsOf, newName, quoteRelation, rule, statement, type Table } from '../../src/kit.js'

/** More combinations of moduli than these are not counted through. */
const MOST = 10_000

export default rule({
  severity: 'error',
  docs: {
    summary: 'Create a hash partition for every remainder.',
    why: 'Rows whose key hashes to a remainder without a partition are refused, a fixed share of all keys for ever.',
    bad: 'create table account (id bigint not null) partition by hash (id); create table account_0 partition of account for values with (modulus 2, remainder 0);',
    good: 'create table account (id bigint not null) partition by hash (id); create table account_0 partition of account for values with (modulus 2, remainder 0); create table account_1 partition of account for values with (modulus 2, remainder 1);',
    references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionKey?.strategy !== 'hash' || table.partitions.length === 0) continue
      const { modulus, missing } = missingOf(table)
      if (missing.length > 0) yield { on: table, facts: { modulus, missing } }
    }
  },

  message: ({ on, facts: { modulus, missing } }) =>
    `${on} has no partition for remainder ${missing.slice(0, 8).join(', ')}${missing.length > 8 ? ' …' : ''} of modulus ${modulus}: ${Math.round((missing.length * 100) / modulus)} % of the keys are refused.`,

  fix: ({ on, facts: { modulus, missing } }) => {
    if (on.partitions.some(({ partitionKey }) => partitionKey)) return []
    return missing.map((remainder) => {
      const name = newName([on.name], String(remainder), new Set(on.partitions.map((partition) => partition.name)))
      return statement(
        `create table ${quoteRelation({ schema: on.schema, name })} partition of ${quoteRelation(on)} for values with (modulus ${modulus}, remainder ${remainder})`,
        `drop table ${quoteRelation({ schema: on.schema, name })}`,
        { lock: 'ACCESS EXCLUSIVE' },
      )
    })
  },
})

/** The largest modulus, which all others divide, and its remainders that no partition takes. */
function missingOf({ partitions }: Table): { readonly modulus: number; readonly missing: readonly number[] } {
  const bounds = partitions.flatMap((partition) => hashBoundsOf(partition) ?? [])
  const modulus = Math.max(...bounds.map((bound) => bound.modulus))
  if (!Number.isFinite(modulus) || modulus > MOST) return { modulus: 0, missing: [] }
  const isTaken = (remainder: number) => bounds.some((bound) => remainder % bound.modulus === bound.remainder)
  return { modulus, missing: [...Array(modulus).keys()].filter((remainder) => !isTaken(remainder)) }
}
