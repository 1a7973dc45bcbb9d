import {
  afterReview,
  changeColumnTypes,
  type Column,
  heirsOf,
  holdsMoney,
  rolesOf,
  rule,
  type Table,
  type TypeChange,
  wordsOf,
} from '../../src/kit.js'

const INEXACT = new Set(['float4', 'float8', 'money'])

export default rule({
  severity: 'error',
  aboutMoney: true,
  docs: {
    summary: 'Store money in numeric, or as an integer of the smallest unit.',
    why: 'Binary floating point cannot hold most decimal fractions, so lines stop adding up to their invoice; the type `money` reads and prints its values by the setting lc_monetary of whoever looks.',
    bad: 'create table invoice (id bigint primary key, total_price double precision not null);',
    good: 'create table invoice (id bigint primary key, total_price numeric(14, 2) not null);',
    unless: 'The column holds an estimate, a rate or a score that nobody is ever billed by.',
    references: [
      'https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-FLOAT',
      'https://www.postgresql.org/docs/current/datatype-money.html',
    ],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const heirs = heirsOf(table, catalog)
      const columns = table.columns.filter(
        (column) =>
          !column.inherited &&
          INEXACT.has(column.type.name) &&
          (isMoneyIn(column, heirs) || (isRate(column) && rolesOf(catalog).of(table)?.role === 'price')),
      )
      if (columns.length === 0) continue
      const facts = { columns: columns.map(({ name, type }) => ({ name, type: type.name })) }
      // The type `money` is declared; that a float holds money is read from names.
      const declared = columns.some(({ type }) => type.name === 'money')
      yield {
        on: table,
        related: columns,
        facts,
        assessment: declared ? { tier: 'declared' } : { tier: 'inferred', confidence: 0.9 },
      }
    }
  },

  message: ({ on, facts }) =>
    `${on} holds money in ${facts.columns.map(({ name, type }) => `${name} (${type})`).join(', ')}, which is not exact.`,

  fix: ({ on, facts, catalog, target }) => {
    const columns = facts.columns.flatMap(({ name }) => on.column(name) ?? [])
    if (columns.some(({ generated }) => generated?.stored === false)) return []
    const names = columns.map(({ name }) => name).join(', ')
    return afterReview(
      `Are four decimal places what ${names} of ${on} need, and do the programs that read them take a decimal?`,
      changeColumnTypes(columns.map(makeExact), { catalog, target }),
    )
  },
})

/** What it holds may be plain only in a table that inherits it. */
function isMoneyIn(column: Column, heirs: readonly Table[]): boolean {
  return [column, ...heirs.flatMap((heir) => heir.column(column.name) ?? [])].some((one) => holdsMoney(one) === 'yes')
}

/** What a minute or a unit costs, if the table holds prices. */
function isRate({ name }: Column): boolean {
  return /^(?:rate|tarifa?|taux|preis)(?: (?:per|pro|por|par) .+)?$/.test(wordsOf(name).join(' '))
}

/** Rows with more than four decimal places, or with no number at all, are in the way. */
function makeExact(column: Column): TypeChange {
  const float = column.type.name !== 'money'
  return {
    column,
    type: 'numeric(19, 4)',
    unfit: (value) =>
      float
        ? `case when ${value} > -1e15 and ${value} < 1e15 then ${value}::numeric <> round(${value}::numeric, 4) else ${value} is not null end`
        : `abs(${value}::numeric) >= 1e15`,
  }
}
