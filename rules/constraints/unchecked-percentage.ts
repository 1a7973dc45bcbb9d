import {
  addCheck,
  afterReview,
  type Catalog,
  checksOf,
  type Column,
  columnsIn,
  domainChecksOf,
  mentions,
  quoteIdentifier,
  type Role,
  ownRolesOf,
  rule,
  wordsOf,
} from '../../src/kit.js'

/** What a percentage is taken of. */
const TAKEN = ['tax', 'discount', 'surcharge', 'fee'] as const
/** Where rates are set; elsewhere they are copied. */
const SOURCES = new Set<string>(['tax', 'coupon', 'price', 'plan'] satisfies Role[])
/** Names that say percent, so that 100 is the whole. */
const PERCENT = /percent|pct|prozent|porcent|percentu|pourcent|percentage|_perc$|percent_?off/i
/** A rate of something else. */
const OTHER =
  /exchange|fx|growth|conversion|churn|interest|late|penalt|zins|juros|multa|cambio|wechsel|multipl|limit|hour|minute|per_|_per/i

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.75,
  aboutMoney: true,
  docs: {
    summary: 'Let a CHECK keep the rate of a tax, a discount or a commission between nothing and the whole.',
    why: 'A tax of 1900 percent, or a discount of 0.2 percent where 20 were meant, is a valid number. Whoever first types a percentage where a fraction is kept bills a hundredfold, and each invoice after it repeats that.',
    bad: `create table tax_rate (id bigint primary key, country char(2) not null, name text not null, percentage numeric(5, 2) not null);
      create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);`,
    good: `create table tax_rate (id bigint primary key, country char(2) not null, name text not null, percentage numeric(5, 2) not null check (percentage between 0 and 100));
      create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);`,
    unless: 'More than the whole, or less than nothing, has a meaning.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    // Where rates have a table of their own, documents copy from there.
    const hasSource = roles.tablesIn('tax').some((table) => roles.columnsOf(table, 'percentage').length > 0)
    for (const { table, role } of roles.all) {
      if (table.partitionOf || table.variety === 'foreign' || (hasSource && !SOURCES.has(role))) continue
      const open = roles
        .columnsOf(table, 'percentage')
        .filter((column) => !column.inherited && !column.generated && isShare(column, role) && !isChecked(column))
        .filter((column) => !isCopied(column, catalog))
      const [first] = open
      if (first)
        yield {
          on: first,
          related: open.slice(1),
          facts: { rates: open.map((column) => ({ name: column.name, whole: wholeOf(column) })) },
        }
    }
  },

  message: ({ on, facts: { rates } }) =>
    `${on.table} lets ${rates.map(({ name, whole }) => (whole === null ? name : `${name} (of which ${whole} is the whole)`)).join(', ')} be any number.`,

  advice: ({ facts: { rates } }) =>
    rates
      .map(({ name, whole }) =>
        whole === null
          ? `Add CHECK (${name} between 0 and 1) where it is a fraction, and 100 where it is in percent; and say in its name which it is.`
          : `Add CHECK (${name} between 0 and ${whole}).`,
      )
      .join(' '),

  fix: ({ on, facts: { rates } }) => {
    const steps = rates.flatMap(({ name, whole }) => {
      const column = on.table.column(name)
      const quoted = quoteIdentifier(name)
      return column
        ? addCheck(on.table, [column], whole === null ? `${quoted} >= 0` : `${quoted} >= 0 and ${quoted} <= ${whole}`)
        : []
    })
    const unclear = rates.filter(({ whole }) => whole === null).map(({ name }) => name)
    return unclear.length === 0
      ? steps
      : afterReview(
          `Is ${unclear.join(' or ')} of ${on.table} never negative? Whether 1 or 100 is the whole, its name and type do not say.`,
          steps,
        )
  },
})

function isShare(column: Column, role: string): boolean {
  const words = wordsOf(column.name)
  if (!/^(?:numeric|float[48]|int[24])$/.test(column.type.name) || OTHER.test(column.name)) return false
  if (mentions(words, 'identity', 'span', 'count') || words.some((word) => /^(?:card|plan|type)$/.test(word)))
    return false
  if (role === 'tax' || role === 'coupon') return true
  return mentions(words, ...TAKEN) || (PERCENT.test(column.name) && (role === 'price' || role === 'plan'))
}

/** The row says which tax or coupon it applies, and repeats its rate. */
function isCopied({ table }: Column, catalog: Catalog): boolean {
  const roles = ownRolesOf(catalog)
  return roles
    .linksFrom(table)
    .some(
      ({ to }) =>
        to !== table &&
        /^(?:tax|coupon)$/.test(roles.of(to)?.role ?? '') &&
        roles.columnsOf(to, 'percentage').length > 0,
    )
}

/** A CHECK or a domain says anything of it. */
function isChecked(column: Column): boolean {
  return (
    domainChecksOf(column).length > 0 || checksOf(column.table).some((check) => columnsIn(check).includes(column.name))
  )
}

/** 100 where the name says percent, 1 where the type has room for no more; null where neither tells. */
function wholeOf({ name, type }: Column): number | null {
  if (type.name === 'numeric' && type.precision !== null && type.scale !== null && type.precision - type.scale <= 1)
    return 1
  return PERCENT.test(name) && !/ratio|fraction/i.test(name) ? 100 : null
}
