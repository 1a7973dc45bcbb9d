import {
  addGuard,
  afterReview,
  amountOf,
  type Catalog,
  type Column,
  failuresOf,
  type Link,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  type Role,
  ownRolesOf,
  rule,
  settlementsOf,
  type Step,
  type Table,
} from '../../src/kit.js'

/** Rows of the first take away from what a row of the second comes to. */
const DRAWS = [
  ['payment allocation', 'payment'],
  ['payment allocation', 'credit'],
  ['payment allocation', 'invoice'],
  ['credit', 'payment'],
  ['payment', 'invoice'],
] as const satisfies readonly (readonly [Role, Role])[]

/** What rows of one table draw from a row of another. */
interface Draw {
  readonly from: Column
  readonly link: Link
  readonly whole: Column
}

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.65,
  impact: 'medium',
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Let the database keep what rows draw from an amount within that amount.',
    why: 'No CHECK sees other rows, and a sum that the application reads before it inserts is old when another session inserts too: two refunds of the whole payment both pass. A trigger that first locks the row of the amount lets the second session wait, and then refuse.',
    bad: `create table payment (id bigint primary key, amount numeric(12, 2) not null, currency char(3) not null, status text not null check (status in ('pending', 'succeeded', 'failed')), provider_reference text unique, paid_at timestamptz);
      create table refund (id bigint primary key, payment_id bigint not null references payment, amount numeric(12, 2) not null, currency char(3) not null, reason text);`,
    good: `create table payment (id bigint primary key, amount numeric(12, 2) not null, refunded_amount numeric(12, 2) not null default 0, currency char(3) not null, status text not null check (status in ('pending', 'succeeded', 'failed')), provider_reference text unique, paid_at timestamptz, check (refunded_amount <= amount));
      create table refund (id bigint primary key, payment_id bigint not null references payment, amount numeric(12, 2) not null, currency char(3) not null, reason text);`,
    unless: 'More may be drawn than there is, and somebody looks after the rest.',
    references: [
      'https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS',
      'https://www.postgresql.org/docs/current/applevel-consistency.html',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    for (const { table } of roles.all) {
      if (table.partitionOf || table.variety !== 'ordinary') continue
      const draws = drawsOf(table, catalog)
      const [first] = draws
      if (!first) continue
      yield {
        on: first.from,
        related: draws.map(({ whole }) => whole),
        facts: { wholes: draws.map(({ whole }) => whole.address), of: draws.map(({ link }) => link.to.address) },
      }
    }
  },

  message: ({ on, facts: { wholes } }) =>
    `Rows of ${on.table} may add up to more than ${wholes.join(' or ')}, and nothing in the database keeps them from it.`,

  advice: ({ on, facts: { wholes } }) =>
    `Lock the row of ${wholes.join(' or ')} before the sum over ${on} is read, in a trigger or in every writer: select … for no key update. A trigger that only reads the sum does not see what another session has not committed.`,

  fix: ({ on, catalog, facts: { of } }) => {
    const { table } = on
    const draws = drawsOf(table, catalog).filter(({ link }) => link.source === 'declared')
    const status = ownRolesOf(catalog).columnsOf(table, 'payment states')[0]
    const failures = failuresOf(status, catalog)
    if (draws.length === 0 || (status && !failures)) return []
    const spared = failures ? ` but ${failures.failed.map(quoteLiteral).join(', ')}` : ''
    return afterReview(
      `Must rows of ${table}, all${spared}, never add up to more than their row of ${of.join(' or ')}?`,
      draws.flatMap((draw) => guardSum(draw, failures, catalog)),
    )
  },
})

function drawsOf(table: Table, catalog: Catalog): readonly Draw[] {
  const roles = ownRolesOf(catalog)
  const role = roles.of(table)?.role
  const from = amountOf(table)
  if (!from) return []
  return DRAWS.flatMap(([drawing, drawn]): readonly Draw[] => {
    if (role !== drawing) return []
    const link = roles.linkTo(table, drawn)
    const whole = link && amountOf(link.to)
    if (!link || !whole || link.columns.length !== 1 || link.to.variety !== 'ordinary') return []
    // A column beside the amount counts what is drawn, and another rule looks at that one.
    if (settlementsOf(link.to).length > 0 || isUnique(link) || isWatched(table, link.to, catalog)) return []
    return whole.type.name === from.type.name ? [{ from, link, whole }] : []
  }).slice(0, 2)
}

/** One row at most for each: a CHECK of both could say the rest. */
function isUnique({ from, columns }: Link): boolean {
  return from.indexes.some(
    ({ unique, keys, predicate }) =>
      unique && predicate === null && keys.length === 1 && keys[0]?.column === columns[0],
  )
}

/** A trigger of either table reads the other: what it keeps is not known. */
function isWatched(table: Table, other: Table, { functions }: Catalog): boolean {
  const reads = (owner: Table, read: Table) =>
    owner.triggers.some(({ function: routine, functionName }) => {
      const source = routine?.source ?? functions.find(({ name }) => name === functionName)?.source ?? ''
      return source.toLowerCase().includes(read.name.toLowerCase())
    })
  return reads(table, other) || reads(table, table) || reads(other, table)
}

function guardSum(
  { from, link, whole }: Draw,
  failures: ReturnType<typeof failuresOf>,
  { functions }: Catalog,
): readonly Step[] {
  const [foreign] = link.columns
  const key = link.to.primaryKey?.columns[0]
  if (!foreign || !key || link.to.primaryKey?.columns.length !== 1) return []
  const [drawing, drawn] = [quoteRelation(link.from), quoteRelation(link.to)]
  const [amount, total, reference, id] = [from, whole, foreign, key].map(({ name }) => quoteIdentifier(name))
  const counted = failures
    ? ` and d.${quoteIdentifier(failures.status.name)} not in (${failures.failed.map(quoteLiteral).join(', ')})`
    : ''
  const columns = [reference, amount, ...(failures ? [quoteIdentifier(failures.status.name)] : [])]
  return addGuard({
    schema: link.from.schema,
    name: [link.from.name, from.name, 'within', link.to.name],
    taken: new Set(functions.map(({ name }) => name)),
    declare: [`drawn_key ${drawn}.${id}%type;`, 'available numeric;', 'drawn numeric;'],
    body: [
      `if tg_argv[0] = 'drawn' then\n  drawn_key := new.${id};\nelse\n  drawn_key := new.${reference};\nend if;`,
      // Under REPEATABLE READ a lock alone would let the sum be read from an old snapshot; a write makes the session fail instead.
      `if current_setting('transaction_isolation') = 'repeatable read' then\n  update ${drawn} as w set ${total} = w.${total} where w.${id} = drawn_key;\nelse\n  perform from ${drawn} as w where w.${id} = drawn_key for no key update;\nend if;`,
      `select w.${total} into available from ${drawn} as w where w.${id} = drawn_key;`,
      `select sum(d.${amount}) into drawn from ${drawing} as d where d.${reference} = drawn_key${counted};`,
      `if drawn > available then\n  raise exception '% is drawn from % %, which comes to %', drawn, ${quoteLiteral(link.to.name)}, drawn_key, available using errcode = 'check_violation';\nend if;`,
      'return null;',
    ],
    triggers: [
      { table: link.from, timing: 'after', events: `insert or update of ${columns.join(', ')}` },
      {
        table: link.to,
        timing: 'after',
        events: `update of ${total}`,
        when: `new.${total} < old.${total}`,
        argument: 'drawn',
      },
    ],
    precheck: `select count(*) from ${drawn} as w where w.${total} < (select sum(d.${amount}) from ${drawing} as d where d.${reference} = w.${id}${counted})`,
  })
}
