import {
  afterReview,
  type Column,
  columnsIn,
  createIndex,
  parseExpression,
  quoteIdentifier,
  type Role,
  ownRolesOf,
  rule,
  type RoleMap,
  type Table,
} from '../../src/kit.js'

const OWNERS = ['customer', 'organization', 'subscription'] as const satisfies readonly Role[]

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.85,
  aboutMoney: true,
  docs: {
    summary: 'Let a partial unique index keep one payment method of each customer the default.',
    why: 'Two requests that each make another card the default both succeed, and from then on each query takes whichever it meets first: the customer is charged on the card that was replaced.',
    bad: `create table customer (id bigint primary key, email text not null);
      create table payment_method (id bigint primary key, customer_id bigint not null references customer, brand text, last4 text, exp_month int, exp_year int, is_default boolean not null default false);`,
    good: `create table customer (id bigint primary key, email text not null);
      create table payment_method (id bigint primary key, customer_id bigint not null references customer, brand text, last4 text, exp_month int, exp_year int, is_default boolean not null default false);
      create unique index on payment_method (customer_id) where is_default;`,
    unless: 'A customer has a default for each currency or kind of payment.',
    references: ['https://www.postgresql.org/docs/current/indexes-partial.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    for (const table of roles.tablesIn('payment method')) {
      if (table.partitionOf || table.variety !== 'ordinary') continue
      const [flag, ...more] = roles.columnsOf(table, 'default flag').filter(({ type }) => type.name === 'bool')
      const owner = ownerOf(table, roles)
      if (!flag || more.length > 0 || flag.inherited || !owner || isOneOnly(flag)) continue
      yield {
        on: flag,
        related: [owner],
        facts: { owner: owner.name, byDefault: flag.default === 'true', mark: markOf(table)?.name ?? null },
      }
    }
  },

  message: ({ on, facts: { owner, byDefault } }) =>
    `${on.table} may have several rows of one ${owner} with ${on.name}${byDefault ? ', and every new row is one' : ''}.`,

  advice: ({ on, facts: { owner } }) =>
    `Add a unique index on ${owner} where ${on.name}. It is checked at once: the statement that sets a new default has to come after the one that clears the old.`,

  fix: ({ on, facts: { owner, mark } }) => {
    const column = on.table.column(owner)
    if (!column) return []
    const where = [quoteIdentifier(on.name), ...(mark === null ? [] : [`${quoteIdentifier(mark)} is null`])].join(
      ' and ',
    )
    return afterReview(
      `Has one ${owner} one default in ${on.table}, and does the application clear the old one before it sets the new?`,
      createIndex(on.table, {
        keys: [{ column }],
        unique: true,
        where,
        cleanUp: { set: `${quoteIdentifier(on.name)} = false`, does: 'cease to be the default' },
      }),
    )
  },
})

function ownerOf(table: Table, roles: RoleMap): Column | undefined {
  for (const role of OWNERS) {
    const link = roles.linksFrom(table).find(({ to, columns }) => roles.of(to)?.role === role && columns.length === 1)
    if (link) return link.columns[0]
  }
  return undefined
}

/** A partial unique index, or an exclusion constraint, holds rows that have the flag. */
function isOneOnly(flag: Column): boolean {
  const { table } = flag
  return (
    table.indexes.some(
      ({ unique, predicate, keys, valid }) =>
        valid &&
        unique &&
        ((predicate !== null && columnsIn(parseExpression(predicate, table)).includes(flag.name)) ||
          keys.some(({ column, expression }) => column === flag || (!column && expression.includes(flag.name)))),
    ) ||
    table.exclusions.some(({ index }) => index.predicate?.includes(flag.name)) ||
    table.triggers.some(({ function: routine }) => routine?.source?.includes(flag.name))
  )
}

/** Rows that are only marked as deleted may keep their flag. */
function markOf(table: Table): Column | undefined {
  return table.columns.find(
    ({ name, type, notNull }) =>
      !notNull && type.name.startsWith('timestamp') && /^(?:deleted|removed|archived|geloescht)_?at$/i.test(name),
  )
}
