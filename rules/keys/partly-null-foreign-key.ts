import {
  addCheck,
  afterReview,
  type Column,
  columnsIn,
  type Expression,
  type ForeignKey,
  impliesAsCheck,
  parseExpression,
  quoteIdentifier,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let the columns of a composite foreign key be null together or not at all.',
    why: 'With MATCH SIMPLE, the default, one NULL among the columns switches the whole check off: the others may hold anything, and nobody notices until a join comes back empty.',
    bad: 'create table price (plan text, region text, primary key (plan, region)); create table invoice_line (id bigint primary key, plan text, region text, foreign key (plan, region) references price);',
    good: 'create table price (plan text, region text, primary key (plan, region)); create table invoice_line (id bigint primary key, plan text, region text, foreign key (plan, region) references price match full);',
    unless: 'A row may lawfully name a part of the key, as a value that refers to nothing.',
    references: ['https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARMS-REFERENCES'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const foreignKey of catalog.foreignKeys()) {
      const { table, columns, match, inherited } = foreignKey
      if (inherited || table.partitionOf || match === 'full' || columns.length < 2) continue
      const { own, shared } = nullableColumnsOf(foreignKey)
      const ties = own.flatMap((a) => [...own, ...shared].filter((b) => b !== a).map((b) => [a, b] as const))
      if (own.length === 0 ? shared.length === 0 : ties.length === 0 || areTied(foreignKey, ties)) continue
      yield {
        on: foreignKey,
        related: [...own, ...shared],
        facts: {
          own: own.map(({ name }) => name),
          shared: shared.map(({ name }) => name),
          referenced: foreignKey.referencedTable.address,
        },
      }
    }
  },

  message: ({ on, facts: { own, shared, referenced } }) =>
    `${on} checks nothing in ${referenced} as soon as ${[...own, ...shared].join(' or ')} is null.`,

  advice: ({ on, facts: { own, shared } }) =>
    own.length === 0
      ? `Make ${shared.join(', ')} NOT NULL, since the rest of the key is.`
      : own.length === on.columns.length
        ? `Declare the key MATCH FULL, or add CHECK (${tieOf(own, shared)}).`
        : `Add CHECK (${tieOf(own, shared)}).`,

  fix: ({ on, facts: { own, shared } }) => {
    if (own.length === 0) return []
    const columns = [...own, ...shared].flatMap((name) => on.table.column(name) ?? [])
    return afterReview(
      `May a row of ${on.table} name a part of (${columns.map(({ name }) => name).join(', ')}) without the rest? The steps say no.`,
      addCheck(on.table, columns, tieOf(own.map(quoteIdentifier), shared.map(quoteIdentifier))),
    )
  },
})

/**
 * Nullable columns that belong to this key alone, and those that other keys of the table rely on too, such as a tenant's.
 * One that is the key's own may be null by itself: there is no reference then.
 */
function nullableColumnsOf(foreignKey: ForeignKey) {
  const others = foreignKey.table.foreignKeys.filter((other) => other !== foreignKey)
  const isShared = (column: Column) => others.some(({ columns }) => columns.includes(column))
  const nullable = foreignKey.columns.filter(({ notNull, generated }) => !notNull && !generated)
  if (foreignKey.columns.every(isShared)) return { own: nullable, shared: [] }
  return { own: nullable.filter((column) => !isShared(column)), shared: nullable.filter(isShared) }
}

/** CHECKs keep the second column of each pair filled where the first is, or say something of both that is not understood. */
function areTied({ table }: ForeignKey, pairs: readonly (readonly [Column, Column])[]): boolean {
  const checks = table.checks
    .filter(({ enforced }) => enforced)
    .map((check) => parseExpression(check.expression, table))
  return pairs.every(([a, b]) =>
    checks.some((check) => {
      const named = columnsIn(check)
      return named.includes(a.name) && named.includes(b.name) && impliesAsCheck(check, whenFilled(a, b)) !== 'no'
    }),
  )
}

function whenFilled(a: Column, b: Column): Expression {
  return {
    kind: 'or',
    parts: [
      { kind: 'isNull', operand: { kind: 'column', name: a.name } },
      { kind: 'isNotNull', operand: { kind: 'column', name: b.name } },
    ],
  }
}

function tieOf(own: readonly string[], shared: readonly string[]): string {
  if (shared.length === 0) return `num_nulls(${own.join(', ')}) in (0, ${own.length})`
  const alone = own.map((name) => {
    const others = [...own, ...shared].filter((other) => other !== name)
    return [`${name} is null`, others.map((other) => `${other} is not null`).join(' and ')].join(' or ')
  })
  return alone.length > 1 ? alone.map((each) => `(${each})`).join(' and ') : alone.join('')
}
