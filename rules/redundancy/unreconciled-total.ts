import {
  afterReview,
  type Catalog,
  createView,
  isReconciled,
  newName,
  quoteColumns,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  rule,
  type StoredSum,
  storedSumsOf,
  tablesSurelyIn,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  aboutMoney: true,
  tier: 'inferred',
  confidence: 0.7,
  impact: 'medium',
  complexity: 'low',
  docs: {
    summary: 'Compare a stored total with the rows that it is the sum of.',
    why: 'A counter beside events, or a balance beside movements, is a copy that every writer has to keep. One job that fails between the two writes, one row that is corrected by hand, and both go on being read: the limit by one, the bill by the other.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table wallet (id bigint primary key, customer_id bigint not null references customer, currency char(3) not null, balance_cents bigint not null);
      create table wallet_movement (id bigint primary key, wallet_id bigint not null references wallet, direction text not null check (direction in ('debit', 'credit')), amount_cents bigint not null, request_key text not null unique, created_at timestamptz not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table wallet (id bigint primary key, customer_id bigint not null references customer, currency char(3) not null, balance_cents bigint not null);
      create table wallet_movement (id bigint primary key, wallet_id bigint not null references wallet, direction text not null check (direction in ('debit', 'credit')), amount_cents bigint not null, request_key text not null unique, created_at timestamptz not null);
      create view wallet_drift as select w.id from wallet w where w.balance_cents <> (select coalesce(sum(case m.direction when 'credit' then m.amount_cents else -m.amount_cents end), 0) from wallet_movement m where m.wallet_id = w.id);`,
    unless: 'A job outside of the database compares them, or the rows are thrown away after they were counted.',
    references: ['https://www.postgresql.org/docs/current/sql-createview.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const sure = tablesSurelyIn(
      catalog,
      'usage limit',
      'ledger account',
      'subscription',
      'subscription item',
      'coupon',
      'plan',
    )
    for (const sum of storedSumsOf(catalog)) {
      if (!sure.includes(sum.total.table) || isReconciled(sum, catalog)) continue
      yield {
        on: sum.total,
        related: [sum.addend ?? sum.parts],
        facts: { parts: sum.parts.address, addend: sum.addend?.name ?? null, unclear: sum.unclear },
      }
    }
  },

  message: ({ on, facts: { parts, addend } }) =>
    `${on} says again what ${addend === null ? `the rows of ${parts} count` : `${addend} of ${parts} adds up to`}, and nothing compares the two.`,

  advice: ({ on, facts: { parts, unclear } }) =>
    `Keep ${on.name} for fast reads, write both in one transaction, and look every day at a view of the rows where it and ${parts} differ.${unclear === null ? '' : ` The view is not written here, for ${unclear}.`} Which of the two a bill rests on must be decided: it should be the rows.`,

  fix: ({ on, catalog, target }) => {
    const sum = storedSumsOf(catalog).find(({ total }) => total === on)
    if (!sum || sum.unclear !== null) return []
    return afterReview(
      `Is ${on} all of ${describe(sum)}, with no row thrown away before?`,
      createView(viewOf(sum, catalog), [on.table, sum.parts], target),
    )
  },
})

function describe({ addend, subtrahend, direction, since, parts }: StoredSum): string {
  const what =
    addend === null
      ? `the rows of ${parts}`
      : `${addend.name}${subtrahend ? ` less ${subtrahend.name}` : ''} of ${parts}`
  const sign = direction
    ? `, added where ${direction.column.name} is ${direction.adds.join(' or ')} and else taken away`
    : ''
  return `${what}${sign}${since ? `, since ${since.total.name}` : ''}`
}

function viewOf({ total, parts, addend, match, since, direction, subtrahend }: StoredSum, catalog: Catalog) {
  const { table } = total
  const { schema } = table
  const taken = new Set(
    [...catalog.tables, ...catalog.views].filter((one) => one.schema === schema).map(({ name }) => name),
  )
  const of = (alias: string, { name }: { readonly name: string }) => `${alias}.${quoteIdentifier(name)}`
  const value = addend ? of('p', addend) : '1'
  const signed = direction
    ? `case when ${of('p', direction.column)} in (${direction.adds.map(quoteLiteral).join(', ')}) then ${value} else -${value} end`
    : subtrahend
      ? `${value} - ${of('p', subtrahend)}`
      : value
  const conditions = [
    ...match.map(([part, own]) => `${of('p', part)} = ${of('t', own)}`),
    ...(since ? [`${of('p', since.part)} >= ${of('t', since.total)}`] : []),
  ]
  const own = table.primaryKey?.columns ?? match.map(([, column]) => column)
  const stored = quoteIdentifier(total.name)
  return {
    schema,
    name: newName([table.name, total.name], 'differences', taken),
    definition: [
      `select ${quoteColumns(own)}, ${stored}, counted`,
      `from (select ${[...new Set([...own, total])].map((column) => of('t', column)).join(', ')}, coalesce((select sum(${signed}) from ${quoteRelation(parts)} as p where ${conditions.join(' and ')}), 0) as counted from ${quoteRelation(table)} as t) as both_sides`,
      `where ${stored} is distinct from counted`,
    ].join('\n'),
    comment: `Rows whose ${total.name} is not what ${parts} adds up to. No row is what it should show.`,
  }
}
