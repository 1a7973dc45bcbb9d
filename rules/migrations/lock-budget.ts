import { addressOf, isAtLeast, rule, sizeOf } from '../../src/kit.js'
import type { Migrations, RelationState } from '../../src/kit.js'

/** Tables that one release may lock against everybody. */
const MOST_TABLES = 10
/** Transactions of one release that may lock the same table against everybody. */
const MOST_TIMES = 4

export default rule({
  severity: 'info',
  docs: {
    summary: 'Spread strong locks over several releases, and take each table once.',
    why: 'Every ACCESS EXCLUSIVE lock waits for the running queries on its table, and everybody waits behind it. A release that does so for many tables, or again and again for one, is a row of small outages.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice add a int;\nalter table invoice add b int;\nalter table invoice add c int;\nalter table invoice add d int;\nalter table invoice add e int;',
    good: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice add a int, add b int, add c int, add d int, add e int;',
    unless: 'Nobody uses the database while the release goes out. The options `tables` and `times` set other bounds.',
    references: ['https://www.postgresql.org/docs/current/explicit-locking.html'],
  },
  needs: ['migrations'],

  *detect({ migrations, options }) {
    const taken = locksOf(migrations)
    const [first] = taken
    if (!first) return
    const tables = new Map<number, { readonly table: RelationState; readonly times: number }>()
    for (const { table } of taken) tables.set(table.oid, { table, times: (tables.get(table.oid)?.times ?? 0) + 1 })
    const often = [...tables.values()].filter(({ times }) => times > Number(options['times'] ?? MOST_TIMES))
    const many = tables.size > Number(options['tables'] ?? MOST_TABLES)
    if (!many && often.length === 0) return
    const worst = often.toSorted((a, b) => b.times - a.times)[0]
    yield {
      on: first.statement.about(null),
      facts: {
        tables: tables.size,
        many,
        often: often.length,
        worst: worst ? addressOf(worst.table) : null,
        times: worst?.times ?? 0,
      },
      assessment: { tier: first.statement.basis },
    }
  },

  message: ({ facts: { tables, many, often, worst, times } }) => {
    const repeated = `${worst} ${times} times, each in a transaction of its own${often > 1 ? `, and ${often - 1} more tables as often` : ''}`
    if (!many) return `This release locks ${repeated} against everybody.`
    return `This release locks ${tables} tables against everybody${worst === null ? '' : `, ${repeated}`}.`
  },
})

/** Each table once a transaction. */
function locksOf(migrations: Migrations) {
  const seen = new Set<string>()
  return [...migrations.statements()].flatMap((statement) =>
    statement.holds.flatMap(({ relation: table, mode }) => {
      const key = `${statement.transaction} ${table.oid}`
      const counts = isAtLeast(mode, 'ACCESS EXCLUSIVE') && table.kind.endsWith('table') && table.partitionOf === null
      if (!counts || seen.has(key) || sizeOf(migrations, [table]).weight === 'small') return []
      seen.add(key)
      return [{ statement, table }]
    }),
  )
}
