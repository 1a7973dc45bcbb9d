import {
  at,
  type Block,
  bindWorkload,
  type BoundQuery,
  type BoundWorkloadQuery,
  type Column,
  equalSides,
  holdsMoney,
  isSingle,
  list,
  mentions,
  rule,
  usageLimitsOf,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'error',
  aboutMoney: true,
  confidence: 0.85,
  complexity: 'medium',
  docs: {
    summary: 'Change a balance or counter by what it changes, or lock the row when reading it.',
    why: 'Two sessions that read the same balance and each write what they computed from it lose one of the two changes: money that was spent is back. `balance = balance - $1` and SELECT … FOR UPDATE do not.',
    bad: `create table wallet (id bigint primary key, balance numeric(12, 2) not null);
-- workload
-- name: read_balance
select balance from wallet where id = $1;
-- name: write_balance
update wallet set balance = $2 where id = $1;`,
    good: `create table wallet (id bigint primary key, balance numeric(12, 2) not null);
-- workload
-- name: read_balance
select balance from wallet where id = $1;
-- name: spend
update wallet set balance = balance - $2 where id = $1 and balance >= $2;`,
    unless: 'The transaction runs at REPEATABLE READ or higher and is retried, or another lock is held.',
    references: ['https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    const queries = bindWorkload(workload, catalog)
    for (const { bound, about } of queries) {
      const write = overwritten(bound)
      if (!write) continue
      const { column, inOne } = write
      const reader = inOne ? null : queries.find((other) => readsForWriting(other, column))
      const isLocked = queries.some(({ bound: other }) => locksRows(other, column))
      if ((!inOne && !reader) || isLocked) continue
      yield {
        on: about(column.table),
        facts: { column: column.address, reader: reader ? nameOf(reader) : null },
        related: [column],
        assessment: inOne ? { confidence: 0.95 } : {},
      }
    }
  },

  message: ({ on, facts: { column, reader } }) =>
    reader === null
      ? `${on} reads ${column} in a subquery and writes what it makes of it: of two at the same time, one is lost.`
      : `${on} writes ${column} as the application computed it, which reads it without a lock (${reader}): of two changes at the same time, one is lost.`,

  advice: ({ facts: { column } }) => {
    const name = column.split('.').at(-1)
    return `Write \`${name} = ${name} + $1\` with the limit in WHERE, read the row FOR UPDATE in the same transaction, or compare a version in WHERE.`
  },
})

/** A balance or counter of one row that an UPDATE sets to a value, without looking at what it was. */
function overwritten(bound: BoundQuery): { readonly column: Column; readonly inOne: boolean } | null {
  const { root } = bound
  const table = root.command === 'update' ? root.target?.table : null
  if (!table || !root.target || !isSingle(root.target, new Set())) return null
  const compared = new Set(root.predicates.flatMap(equalSides).flatMap(([own]) => own.reference?.column ?? []))
  const keys = table.indexes
    .filter(({ unique }) => unique)
    .flatMap(({ keys: parts }) => parts.map((part) => part.column))
  // A version or the old value beside the key.
  if ([...compared].some((column) => !keys.includes(column) && isGuard(column, bound))) return null
  for (const { name, tree } of root.targets) {
    const column = name === null ? undefined : table.column(name)
    if (!column || !isRunning(column)) continue
    if (at(tree, 'ParamRef') || at(tree, 'TypeCast', 'arg', 'ParamRef')) return { column, inOne: false }
    if (readsItself(tree, column, bound)) return { column, inOne: true }
  }
  return null
}

/** A column that the UPDATE compares and sets, such as a version, or a balance. */
function isGuard(column: Column, { root }: BoundQuery): boolean {
  return root.targets.some(({ name }) => name === column.name) || isRunning(column)
}

/** Its value is what is left of many changes: a balance, something used up. */
function isRunning(column: Column): boolean {
  if (!/^(?:int[248]|numeric|float[48]|money)$/.test(column.type.name)) return false
  const words = wordsOf(column.name)
  if (mentions(words, 'identity', 'rate')) return false
  if (usageLimitsOf(column.table).some(({ counter }) => counter === column)) return true
  return mentions(words, 'balance')
    ? holdsMoney(column) !== 'no'
    : mentions(words, 'remaining') && !mentions(words, 'span')
}

/** A subquery of the new value reads the column of the same table. */
function readsItself(tree: unknown, column: Column, bound: BoundQuery): boolean {
  const subquery = bound.blocks.find(
    ({ place, sublink, parent }) => place === 'expression' && parent === bound.root && holds(tree, sublink?.node),
  )
  if (!subquery || subquery.locks || subquery.aggregates.length > 0) return false
  return subquery.references.some((reference) => reference.column === column && reference.relation.block === subquery)
}

function holds(tree: unknown, node: unknown): boolean {
  if (tree === node) return true
  if (typeof tree !== 'object' || tree === null) return false
  return Object.values(tree).some((inner) => holds(inner, node))
}

/** A SELECT of one row that shows the column and does not lock it. */
function readsForWriting({ bound }: BoundWorkloadQuery, column: Column): boolean {
  const { root } = bound
  const relation = root.relations.find(({ table }) => table === column.table)
  if (root.command !== 'select' || root.locks || !relation || !isSingle(relation, new Set())) return false
  return shows(root, column, bound)
}

function locksRows({ root }: BoundQuery, column: Column): boolean {
  return root.locks && root.relations.some(({ table }) => table === column.table)
}

function shows({ targets }: Block, column: Column, bound: BoundQuery): boolean {
  return targets.some(({ tree, star }) =>
    tree === null
      ? star.some(({ table }) => table === column.table)
      : bound.reference(at(tree, 'ColumnRef'))?.column === column,
  )
}

function nameOf({ query, about }: BoundWorkloadQuery): string {
  return query.name ?? list([about().name])[0]?.toString().slice(0, 12) ?? ''
}
