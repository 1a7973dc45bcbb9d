import {
  addGuard,
  afterReview,
  type Catalog,
  type InnerRows,
  innerRowsOf,
  isKeptInside,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  rule,
  type Step,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.65,
  impact: 'medium',
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Keep prorations inside the period of what they are a part of.',
    why: 'A part that begins before the whole or ends after it is more than the whole or less than nothing, and so is the amount. No CHECK sees the other row, and what the application read of it may be old when it writes.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, due_date date not null, total numeric(12, 2) not null, currency char(3) not null,
        period_start timestamptz not null, period_end timestamptz not null, check (period_end > period_start));
      create table proration (id bigint primary key, invoice_id bigint not null references invoice, from_time timestamptz not null, to_time timestamptz not null, amount numeric(12, 2) not null, check (to_time > from_time));`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, due_date date not null, total numeric(12, 2) not null, currency char(3) not null,
        period_start timestamptz not null, period_end timestamptz not null, check (period_end > period_start));
      create table proration (id bigint primary key, invoice_id bigint not null references invoice, share numeric(7, 6) not null check (share between 0 and 1), amount numeric(12, 2) not null);`,
    unless: 'Prorations on an invoice are of the period before it.',
    references: [
      'https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS',
      'https://www.postgresql.org/docs/current/applevel-consistency.html',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      const inner = innerRowsOf(table, catalog)
      if (!inner || isKeptInside(inner)) continue
      yield {
        on: inner.first,
        related: [inner.last, inner.period.start, inner.period.end].filter((column) => column !== inner.first),
        facts: {
          dates: [...new Set([inner.first.name, inner.last.name])],
          whole: inner.key.table.address,
          period: [inner.period.start.name, inner.period.end.name],
        },
      }
    }
  },

  message: ({ on, facts: { dates, whole, period } }) =>
    `${on.table} lets ${dates.join(' and ')} lie outside ${period.join(' … ')} of the row of ${whole} that it is a part of.`,

  advice: ({ on, facts: { whole } }) =>
    `Let a trigger of ${on.table} lock the row of ${whole} and refuse dates outside its period, and one of ${whole} refuse a period that leaves out what is there. Each waits for the other session, so that both cannot pass.`,

  fix: ({ on, catalog, facts: { dates, whole, period } }) => {
    const inner = innerRowsOf(on.table, catalog)
    if (!inner) return []
    return afterReview(
      `Do ${dates.join(' and ')} of ${on.table} never lie outside ${period.join(' … ')} of their row of ${whole}, which for an invoice is what it charges for and not the period before?`,
      guard(inner, catalog),
    )
  },
})

function guard({ table, reference, key, period, first, last }: InnerRows, { functions }: Catalog): readonly Step[] {
  const whole = key.table
  const [parts, wholes] = [quoteRelation(table), quoteRelation(whole)]
  const [own, id, from, to] = [reference, key, first, last].map(({ name }) => quoteIdentifier(name))
  const [starts, ends] = [period.start, period.end].map(({ name }) => quoteIdentifier(name))
  const outside = `p.${from} < w.${starts} or p.${to} > w.${ends}`
  return addGuard({
    schema: table.schema,
    name: [table.name, 'inside', whole.name],
    taken: new Set(functions.map(({ name }) => name)),
    declare: [`whole_key ${wholes}.${id}%type;`],
    body: [
      `if tg_argv[0] = 'whole' then\n  whole_key := new.${id};\nelse\n  whole_key := new.${own};\nend if;`,
      // Under REPEATABLE READ a lock alone would let the rows be read from an old snapshot; a write makes the session fail instead.
      `if current_setting('transaction_isolation') = 'repeatable read' then\n  update ${wholes} as w set ${starts} = w.${starts} where w.${id} = whole_key;\nelse\n  perform from ${wholes} as w where w.${id} = whole_key for no key update;\nend if;`,
      `if exists (select from ${wholes} as w join ${parts} as p on p.${own} = w.${id} where w.${id} = whole_key and (${outside})) then\n  raise exception 'rows of % lie outside the period of % %', ${quoteLiteral(table.name)}, ${quoteLiteral(whole.name)}, whole_key using errcode = 'check_violation';\nend if;`,
      'return null;',
    ],
    triggers: [
      {
        table,
        timing: 'after',
        events: `insert or update of ${[...new Set([own, from, to])].join(', ')}`,
      },
      {
        table: whole,
        timing: 'after',
        events: `update of ${starts}, ${ends}`,
        when: `new.${starts} > old.${starts} or new.${ends} is distinct from old.${ends}`,
        argument: 'whole',
      },
    ],
    precheck: `select count(*) from ${wholes} as w join ${parts} as p on p.${own} = w.${id} where ${outside}`,
  })
}
