import {
  addColumn,
  afterReview,
  type Catalog,
  createIndex,
  mentions,
  namedColumn,
  newName,
  quoteIdentifier,
  rolesOf,
  rule,
  type Table,
  tablesSurelyIn,
  tenancyOf,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  aboutMoney: true,
  tier: 'inferred',
  confidence: 0.7,
  docs: {
    summary: 'Give payments and usage a key by which a repetition is known.',
    why: 'Messages are delivered at least once, and clients try again after a time-out. Where a row has nothing but its own number, the second delivery looks like a second payment, or like more usage, and is billed.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table contract (id bigint primary key, customer_id bigint not null references customer, monthly_fee numeric(12, 2) not null, status text not null check (status in ('active', 'terminated', 'expired')), starts_on date not null, ends_on date);
      create table meter_reading (id bigint generated always as identity primary key, contract_id bigint not null references contract, quantity numeric(12, 3) not null, measured_at timestamptz not null);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table contract (id bigint primary key, customer_id bigint not null references customer, monthly_fee numeric(12, 2) not null, status text not null check (status in ('active', 'terminated', 'expired')), starts_on date not null, ends_on date);
      create table meter_reading (id bigint generated always as identity primary key, contract_id bigint not null references contract, quantity numeric(12, 3) not null, measured_at timestamptz not null, unique (contract_id, measured_at));`,
    unless: 'Rows are written by hand or by one job that knows what it has written.',
    references: [
      'https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT',
      'https://docs.stripe.com/webhooks#handle-duplicate-events',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'payment', 'usage event')) {
      if (table.partitionOf || isKnownAgain(table) || isOwnWork(table, catalog)) continue
      yield { on: table, facts: { role: rolesOf(catalog).of(table)?.role ?? '' } }
    }
  },

  message: ({ on, facts: { role } }) =>
    `${on} has nothing by which the same ${role === 'payment' ? 'payment' : 'usage'} is known again, so what is sent twice counts twice.`,

  advice: ({ on }) =>
    `Add a key that the sender makes up once and sends again with each repetition, unique for whose rows they are, and insert into ${on} with ON CONFLICT DO NOTHING. When all senders send it, make it NOT NULL.`,

  fix: ({ on, catalog }) => {
    if (on.variety !== 'ordinary') return []
    const taken = new Set(on.columns.map(({ name }) => name))
    const key = namedColumn('idempotency key', on, catalog)
    const name = taken.has(key) ? newName([key], 'key', taken) : key
    const quoted = quoteIdentifier(name)
    const owner = ownerOf(on, catalog)
    return afterReview(
      `Who writes rows of ${on}, and can the sender send a key that is the same with each repetition?`,
      [
        ...addColumn(on, { name, type: 'text' }),
        ...createIndex(on, {
          unique: true,
          cleanUp: 'fresh',
          keys: [...(owner ? [{ column: owner }] : []), { expression: quoted, name }],
          where: `${quoted} is not null`,
        }),
      ],
    )
  },
})

const KEY =
  /^(?:idempot\w*|dedup\w*|external|foreign|reference|ref|request|message|source|origem|origen|quelle|event|uuid|guid|token|hash|txid|trace|receipt|belegnummer|referenz|referencia|transaction|transacao|transaccion|transaktion|bank|processor|psp|gateway|check|cheque|record|sequence|nsu)$/

/** Something beside the row's own number tells a repetition: a unique key, an identity that the sender gives, or a reference that could be one. */
function isKnownAgain({ primaryKey, indexes, columns }: Table): boolean {
  const [key, ...more] = primaryKey?.columns ?? []
  if (!key || more.length > 0 || (key.identity === null && key.default === null && !/^int[248]$/.test(key.type.name)))
    return true
  if (
    indexes.some(
      ({ unique, constraint, keys }) =>
        unique && constraint !== primaryKey && keys.some(({ column }) => column !== key),
    )
  )
    return true
  return columns.some((column) => {
    const words = wordsOf(column.name)
    const isTold =
      (column.type.typcategory === 'S' || column.type.name === 'uuid') &&
      (mentions(words, 'foreign') || words.some((word) => KEY.test(word)))
    return isTold && !column.table.foreignKeys.some((foreignKey) => foreignKey.columns.includes(column))
  })
}

/** Rows of a price that is known when they are written are made by the billing system itself, not sent to it. */
function isOwnWork(table: Table, catalog: Catalog): boolean {
  const roles = rolesOf(catalog)
  const priced = roles.linkTo(table, 'price')
  return (
    roles.of(table)?.role === 'usage event' && priced !== undefined && priced.columns.every(({ notNull }) => notNull)
  )
}

/** Whose rows they are. */
function ownerOf(table: Table, catalog: Catalog) {
  const tenant = tenancyOf(catalog)?.columnOf(table)
  if (tenant) return tenant
  const roles = rolesOf(catalog)
  const owners = (['organization', 'customer', 'subscription'] as const).map(
    (role) => roles.linkTo(table, role)?.columns ?? [],
  )
  return owners.find(([column, ...more]) => column?.notNull && more.length === 0)?.[0] ?? null
}
