import {
  addKey,
  afterReview,
  type Catalog,
  type Column,
  createIndex,
  dropPlainIndexes,
  mentions,
  quoteIdentifier,
  type Role,
  ownRolesOf,
  rule,
  type Table,
  tenancyOf,
  wordsOf,
} from '../../src/kit.js'

/** Rows that another system tells us of, and may tell us of twice. */
const TOLD = [
  'usage event',
  'payment',
  'credit',
  'ledger transaction',
  'ledger entry',
  'outbox',
] as const satisfies readonly Role[]

/** A key that the sender makes up so that a repetition is known by it. */
const KEY =
  /(?:^| )(?:idempoten\w*(?: key| token)?|dedup\w*(?: key| id)?|chave origem|clave (?:origen|idempotencia)|chave idempotencia|cle idempotence|source (?:key|event id|record id|id)|request key|event uuid|switch record id|message id)$/
/** What a payment provider calls the payment. */
const PROVIDER =
  /(?:^| )(?:charge|payment|transaction|refund|transfer|capture|intent|payment intent|transacao|transaccion|transaktion|zahlung|pago|pagamento)? ?(?:id|reference|ref|key|nr|no|number|gateway|kennung|referenz|referencia)$/
/** What the sender of a message calls it. */
const SENDER =
  /^(?:external|stripe|paypal|adyen|braintree|mollie|gocardless|provider|gateway|psp|webhook)(?: (?:event|message|webhook|notification|delivery))? id$/
/** Tables that hold every try, of which several are of one payment. */
const TRIES = /^(?:attempt|retry|try|log|history|versuch|intento|tentative|tentativa)$/
/** Not the row's own event, but something that many rows share. */
const SHARED =
  /(?:^| )(?:customer|account|batch|payout|invoice|order|subscription|plan|price|product|method|card|bank|mandate|session|correlation|trace|parent|original|group|merchant|user|error|response|code)(?: |$)/

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.75,
  aboutMoney: true,
  docs: {
    summary: 'Make the key by which a repetition would be known unique.',
    why: 'Messages are delivered at least once, and clients try again after a time-out. Without a unique key the second delivery is counted too: usage is billed twice, one payment pays two invoices. A look before the insert does not help, for two sessions look at the same time.',
    bad: `create table customer (id bigint primary key, email text not null);
      create table payment (id bigint primary key, customer_id bigint not null references customer, amount numeric(12, 2) not null, currency char(3) not null, provider_payment_id text not null, paid_at timestamptz);`,
    good: `create table customer (id bigint primary key, email text not null);
      create table payment (id bigint primary key, customer_id bigint not null references customer, amount numeric(12, 2) not null, currency char(3) not null, provider_payment_id text not null unique, paid_at timestamptz);`,
    unless: 'Several rows share the reference, as parts or attempts of one payment.',
    references: [
      'https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT',
      'https://docs.stripe.com/webhooks#handle-duplicate-events',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    for (const table of roles.tablesIn(...TOLD)) {
      if (table.variety === 'foreign' || wordsOf(table.name).some((word) => TRIES.test(word))) continue
      const keys = table.columns.filter((column) => isSourceKey(column, roles.of(table)?.role ?? ''))
      // Where one key is unique, a repetition is known by that.
      if (keys.length === 0 || keys.some(isInUnique)) continue
      const [key] = keys.toSorted((a, b) => rank(a) - rank(b))
      if (!key || key.inherited) continue
      const scope = scopeOf(key, catalog)
      yield {
        on: key,
        related: scope,
        facts: { key: key.name, scope: scope.map(({ name }) => name), madeUp: rank(key) === 0, nullable: !key.notNull },
        assessment: rank(key) === 0 ? { confidence: 0.85 } : {},
      }
    }
  },

  message: ({ on, facts: { key } }) =>
    `${on.table} may hold the same ${key} twice, so what is delivered again is counted again.`,

  advice: ({ on, facts: { key, scope } }) =>
    on.table.variety === 'partitioned'
      ? `A unique key of a partitioned table holds its partition key too, so (${[...scope, key].join(', ')}) can only be unique within a partition; keep the keys of the last days in a table of their own, unpartitioned, that is written in the same transaction.`
      : `Make (${[...scope, key].join(', ')}) unique, and insert with ON CONFLICT DO NOTHING.`,

  fix: ({ on, facts: { scope, nullable } }) => {
    if (on.table.variety !== 'ordinary') return []
    const columns = [...scope.flatMap((name) => on.table.column(name) ?? []), on]
    return afterReview(
      `Is one ${on.name}${scope.length > 0 ? ` of one ${scope.join(', ')}` : ''} one row of ${on.table}, never several parts or attempts?`,
      nullable
        ? createIndex(on.table, {
            keys: columns.map((column) => ({ column })),
            unique: true,
            where: `${quoteIdentifier(on.name)} is not null`,
          })
        : [...addKey(columns, 'unique'), ...dropPlainIndexes(columns)],
    )
  },
})

function textOf({ name }: Column): string {
  return wordsOf(name).join(' ')
}

function mayBeKey({ type, generated }: Column): boolean {
  return (type.typcategory === 'S' || type.name === 'uuid') && generated === null
}

function isSourceKey(column: Column, role: string): boolean {
  if (!mayBeKey(column) || column.default !== null) return false
  if (column.table.foreignKeys.some(({ columns }) => columns.includes(column))) return false
  const text = textOf(column)
  // What is sent to others bears our own key.
  if (role === 'outbox') return SENDER.test(text)
  if (KEY.test(text)) return true
  const byProvider =
    mentions(wordsOf(column.name), 'foreign') || /^(?:gateway|processor|psp|transacao gateway)/.test(text)
  return (
    (role === 'payment' || role === 'credit') &&
    byProvider &&
    PROVIDER.test(text) &&
    !SHARED.test(text) &&
    !text.endsWith('external key')
  )
}

/** Made up by the sender before what the provider calls it. */
function rank(column: Column): number {
  return KEY.test(textOf(column)) ? 0 : 1
}

function isInUnique(column: Column): boolean {
  return column.table.indexes.some(
    ({ unique, valid, keys }) =>
      unique &&
      valid &&
      keys.some((part) => (part.column ? part.column === column : part.expression.includes(column.name))),
  )
}

/** Whose the key is: made up by a tenant, it is unique within the tenant; told by a provider, within the provider. */
function scopeOf(key: Column, catalog: Catalog): readonly Column[] {
  const { table } = key
  if (rank(key) === 1)
    return table.columns
      .filter(
        ({ name, notNull }) =>
          notNull && /^(?:provider|gateway|processor|psp|anbieter|operadora)$/.test(wordsOf(name).join(' ')),
      )
      .slice(0, 1)
  const owner = tenancyOf(catalog)?.columnOf(table)
  if (owner) return [owner]
  const owners = ownersOf(table, catalog)
  return owners.slice(0, 1)
}

function ownersOf(table: Table, catalog: Catalog): readonly Column[] {
  const roles = ownRolesOf(catalog)
  for (const role of ['organization', 'customer', 'subscription', 'ledger account'] as const) {
    const column = roles.linkTo(table, role)?.columns[0]
    if (column?.notNull) return [column]
  }
  return []
}
