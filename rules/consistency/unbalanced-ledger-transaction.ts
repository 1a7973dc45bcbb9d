import {
  addGuard,
  afterReview,
  amountOf,
  type Catalog,
  type Column,
  type Link,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  ownRolesOf,
  rule,
  statesOf,
  type Table,
} from '../../src/kit.js'

const CREDIT = /^(?:credit|c|cr|haben|haber|credito|crédito|h|out|outbound)$/i
const DEBIT = /^(?:debit|d|dr|soll|debe|debito|débito|s|in|inbound)$/i

/** What the entries of one transaction must add up to zero in. */
interface Balance {
  readonly link: Link
  /** SQL of an entry `e`: what it adds. */
  readonly signed: string
  readonly columns: readonly Column[]
  readonly currency: Column | null
}

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.75,
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Let a deferred constraint trigger refuse a ledger transaction whose debits and credits differ.',
    why: 'Double entry is worth its cost only where an entry without its counterpart cannot be committed. One job that fails between two inserts makes money out of nothing, and the balance sheet shows it a year later.',
    bad: `create table account (id bigint primary key, account_number text not null unique, category text not null check (category in ('asset', 'liability', 'revenue', 'expense')), currency char(3) not null);
      create table journal (id bigint primary key, description text, posted_at timestamptz not null);
      create table posting (id bigint primary key, journal_id bigint not null references journal, account_id bigint not null references account, debit numeric(14, 2) not null, credit numeric(14, 2) not null);`,
    good: `create table account (id bigint primary key, account_number text not null unique, category text not null check (category in ('asset', 'liability', 'revenue', 'expense')), currency char(3) not null);
      create table journal (id bigint primary key, description text, posted_at timestamptz not null);
      create table posting (id bigint primary key, journal_id bigint not null references journal, account_id bigint not null references account, debit numeric(14, 2) not null, credit numeric(14, 2) not null);
      create function balance() returns trigger language plpgsql as $$ begin if (select sum(debit) - sum(credit) from posting where journal_id = new.journal_id) <> 0 then raise 'unbalanced'; end if; return null; end $$;
      create constraint trigger balance after insert or update on posting deferrable initially deferred for each row execute function balance();`,
    unless: 'Entries are single-sided, as movements of a wallet.',
    references: ['https://www.postgresql.org/docs/current/sql-createtrigger.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn('ledger entry')) {
      const balance = balanceOf(table, catalog)
      if (!balance || isWatched(table)) continue
      yield {
        on: table,
        related: balance.columns,
        facts: { transaction: balance.link.to.address, columns: balance.columns.map(({ name }) => name) },
      }
    }
  },

  message: ({ on, facts: { transaction } }) =>
    `Rows of ${on} that belong to one row of ${transaction} need not balance.`,

  advice: ({ on, facts: { columns } }) =>
    `Compare the sides (${columns.join(', ')}) in a constraint trigger on ${on} that waits for the commit, so that entries may be written one by one.`,

  fix: ({ on, catalog, facts: { transaction } }) => {
    const balance = balanceOf(on, catalog)
    return balance
      ? afterReview(
          `Are all rows of ${on} of one row of ${transaction} written in one transaction, and do they add up to nothing${balance.currency ? ' in each currency' : ''}?`,
          guardBalance(on, balance, catalog),
        )
      : []
  },
})

function balanceOf(table: Table, catalog: Catalog): Balance | null {
  const roles = ownRolesOf(catalog)
  if (table.partitionOf || table.variety !== 'ordinary') return null
  const link = roles.linkTo(table, 'ledger transaction')
  const [foreign] = link?.columns ?? []
  if (!link || link.columns.length !== 1 || !foreign?.notNull || link.source !== 'declared') return null
  const [currency = null] = roles.columnsOf(table, 'currency')
  const [debit, credit] = roles.columnsOf(table, 'debit and credit')
  const sql = ({ name }: Column) => `e.${quoteIdentifier(name)}`
  if (debit && credit)
    return {
      link,
      currency,
      columns: [debit, credit],
      signed: `coalesce(${sql(debit)}, 0) - coalesce(${sql(credit)}, 0)`,
    }
  const [side] = roles.columnsOf(table, 'side')
  const amount = amountOf(table)
  const values = side ? statesOf(side, catalog) : []
  const [from, to] = [values.filter((value) => DEBIT.test(value)), values.filter((value) => CREDIT.test(value))]
  if (!side || !amount || values.length !== 2 || from.length !== 1 || to.length !== 1) return null
  const signed = `case when ${sql(side)} = ${quoteLiteral(from[0] ?? '')} then ${sql(amount)} else - ${sql(amount)} end`
  return { link, currency, columns: [side, amount], signed }
}

/** A trigger that can refuse a row, or whose function nobody can read. */
function isWatched({ triggers }: Table): boolean {
  return triggers.some(({ function: routine }) => !routine?.source || /\braise\b/i.test(routine.source))
}

function guardBalance(table: Table, { link, signed, columns, currency }: Balance, { functions }: Catalog) {
  const [foreign] = link.columns
  if (!foreign) return []
  const entries = quoteRelation(table)
  const reference = quoteIdentifier(foreign.name)
  const by = currency ? ` group by e.${quoteIdentifier(currency.name)}` : ''
  const watched = [foreign, ...columns, ...(currency ? [currency] : [])].map(({ name }) => quoteIdentifier(name))
  const apart = (key: string) =>
    `select from ${entries} as e where e.${reference} = ${key}${by} having sum(${signed}) <> 0`
  return addGuard({
    schema: table.schema,
    name: [table.name, 'balance'],
    taken: new Set(functions.map(({ name }) => name)),
    declare: [`transaction_key ${entries}.${reference}%type;`, `keys ${foreign.type.sql}[];`],
    body: [
      `if tg_op = 'INSERT' then\n  keys := array[new.${reference}];\nelsif tg_op = 'DELETE' then\n  keys := array[old.${reference}];\nelse\n  keys := array[old.${reference}, new.${reference}];\nend if;`,
      `foreach transaction_key in array keys loop\n  if exists (${apart('transaction_key')}) then\n    raise exception 'debits and credits of % differ', transaction_key using errcode = 'check_violation';\n  end if;\nend loop;`,
      'return null;',
    ],
    triggers: [
      { table, timing: 'after', events: `insert or delete or update of ${watched.join(', ')}`, deferred: true },
    ],
    precheck: `select count(*) from (select from ${entries} as e group by e.${reference}${currency ? `, e.${quoteIdentifier(currency.name)}` : ''} having sum(${signed}) <> 0) as apart`,
  })
}
