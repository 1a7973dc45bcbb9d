import {
  afterReview,
  allOf,
  type Column,
  domainChecksOf,
  type Expression,
  expressionOf,
  identityOf,
  implies,
  negate,
  parseExpression,
  parseOperand,
  quoteIdentifier,
  quoteRelation,
  rule,
  statement,
} from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Let a default be a value that the column accepts.',
    why: 'PostgreSQL does not look at the default until it is used: each insert that leaves the column out fails, with an error about a value that its author never wrote.',
    bad: `create table subscription (id bigint primary key, status text not null default 'new' check (status in ('active', 'canceled')));`,
    good: `create table subscription (id bigint primary key, status text not null default 'active' check (status in ('active', 'canceled')));`,
    unless: 'The default is there to make such inserts fail.',
    references: ['https://www.postgresql.org/docs/current/ddl-default.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const column of catalog.columns()) {
      const { table, default: value, generated, inherited } = column
      if (value === null || generated || inherited || table.partitionOf || table.variety === 'foreign') continue
      if (!isConstrained(column)) continue
      const constant = parseOperand(value, table)
      if (constant.kind !== 'constant' || constant.value === null) continue
      const refused = refusalOf(column, value, constant.value)
      if (refused) yield { on: column, facts: { default: value, refused } }
    }
  },

  message: ({ on, facts: { default: value, refused } }) => `${on} has the default ${value}, which ${refused} refuses.`,

  advice: ({ on }) =>
    `Choose a default that ${on} accepts, or let the constraint accept it; without a default the insert at least says that the value is missing.`,

  fix: ({ on, facts: { default: value } }) => {
    const alter = `alter table ${quoteRelation(on.table)} alter column ${quoteIdentifier(on.name)}`
    return afterReview(`Which value shall ${on} have by default? The step says none.`, [
      statement(`${alter} drop default`, `${alter} set default ${value}`, { lock: 'ACCESS EXCLUSIVE' }),
    ])
  },
})

/** There is something that could refuse a value. */
function isConstrained(column: Column): boolean {
  const { length, precision, domain } = column.type
  if (length !== null || precision !== null || (domain?.checks.length ?? 0) > 0) return true
  return column.table.checks.some(({ columns }) => columns.includes(column))
}

/** What refuses the default, in words; null when nothing is sure to. */
function refusalOf(column: Column, value: string, constant: string): string | null {
  const { type, table } = column
  if (type.typcategory === 'S' && type.length !== null && [...constant.trimEnd()].length > type.length) return type.sql
  if (type.name === 'numeric' && overflows(constant, type.precision, type.scale)) return type.sql
  const refuses = (check: Expression) =>
    implies(allOf(factsFor(check, column, value, constant)), negate(check)) === 'yes'
  if (domainChecksOf(column).some(refuses)) return type.domain?.address ?? type.sql
  const checks = table.checks.filter(({ enforced, columns }) => enforced && columns.includes(column))
  return checks.find((check) => refuses(expressionOf(check)))?.name ?? null
}

/** Digits before the point that the type does not have, after rounding. */
function overflows(constant: string, precision: number | null, scale: number | null): boolean {
  if (precision === null || !/^-?\d+(\.\d+)?$/.test(constant)) return false
  return Math.abs(Number(constant)) >= 10 ** (precision - (scale ?? 0))
}

/** What is true of a row that has the default: the column's value, and the lengths of it that the condition asks for. */
function factsFor(
  check: Expression,
  { name, table, type }: Column,
  value: string,
  constant: string,
): readonly Expression[] {
  const column = quoteIdentifier(name)
  const facts = [`${column} = ${value}`]
  const condition = JSON.stringify(check)
  if (type.typcategory === 'S' && type.name !== 'bpchar' && condition.includes('length')) {
    const [length, trimmed] = [[...constant].length, [...constant.replaceAll(/^ +| +$/g, '')].length]
    for (const text of [column, `${column}::text`])
      for (const measure of ['length', 'char_length'])
        facts.push(`${measure}(${text}) = ${length}`, `${measure}(btrim(${text})) = ${trimmed}`)
  }
  return facts
    .map((fact) => parseExpression(fact, table))
    .filter((fact, at) => at === 0 || (fact.kind === 'comparison' && condition.includes(identityOf(fact.left))))
}
