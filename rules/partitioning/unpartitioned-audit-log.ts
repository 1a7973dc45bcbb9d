import { afterReview, type Column, partitionInPlace, rule, type Table, tablesSurelyIn, wordsOf } from '../../src/kit.js'

const MEBIBYTE = 2 ** 20
/** Below this nothing is gained yet. */
const SMALL = 256 * MEBIBYTE

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.7,
  complexity: 'medium',
  docs: {
    summary: 'Partition an audit log by time before it is large.',
    why: 'It only ever grows, and what need not be kept any longer can only be deleted row by row, which leaves as much dead space as it removes and holds vacuum up; a partition is dropped in an instant. The larger the table, the longer the check that makes it a partition.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, status text not null check (status in ('draft', 'open', 'paid', 'void')),
        total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
      create table audit_log (id bigserial primary key, table_name text not null, row_id bigint not null, action text not null, old_row jsonb, new_row jsonb, actor text not null, recorded_at timestamptz not null default now());`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique, status text not null check (status in ('draft', 'open', 'paid', 'void')),
        total numeric(12, 2) not null, currency char(3) not null, due_date date not null);
      create table audit_log (id bigserial, table_name text not null, row_id bigint not null, action text not null, old_row jsonb, new_row jsonb, actor text not null, recorded_at timestamptz not null default now(),
        primary key (id, recorded_at)) partition by range (recorded_at);`,
    unless: 'It is kept for ever, or so little is changed that it stays small.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE',
      'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-ATTACH-PARTITION',
    ],
  },
  needs: ['catalog'],
  uses: ['statistics'],
  yieldsTo: ['partitioning/large-unpartitioned-table'],

  *detect({ catalog, statistics }) {
    for (const table of tablesSurelyIn(catalog, 'audit log')) {
      const time = timeOf(table)
      if (!time || table.variety !== 'ordinary' || table.partitionOf || !holdsManyTables(table)) continue
      const bytes = statistics?.table(table)?.totalSizeBytes ?? null
      if (bytes !== null && bytes < SMALL) continue
      yield {
        on: table,
        related: [time],
        facts: { time: time.name, mebibytes: bytes === null ? null : Math.round(bytes / MEBIBYTE) },
        ...(bytes === null ? {} : { assessment: { tier: 'measured' } }),
      }
    }
  },

  message: ({ on, facts: { time, mebibytes } }) =>
    `${on} keeps every change in one table${mebibytes === null ? '' : ` of ${mebibytes} MiB`}, with no partitions by ${time} to drop what is too old.`,

  advice: ({ on, facts: { time } }) =>
    `Make ${on} the first partition of a table partitioned by month of ${time}, which becomes part of the primary key; make partitions ahead, and detach and drop those that need not be kept any longer. Nothing is copied, and the names are exchanged in an instant.`,

  fix: ({ on, catalog, target, facts: { time } }) => {
    const column = on.column(time)
    const steps = column ? partitionInPlace(on, column, { catalog, target }) : []
    const identity = on.columns.find((one) => one.identity)
    return afterReview(
      `How long must rows of ${on} be kept, and may ${on.primaryKey?.columns.map(({ name }) => name).join(', ')} be unique by ${identity || !on.primaryKey ? 'its sequence' : 'how it is made'} only, no longer by a constraint of its own?`,
      steps,
    )
  },
})

/** When a row was written: the only moment that is always there, or the one that the server fills in. */
function timeOf({ columns }: Table): Column | null {
  const moments = columns.filter(
    ({ type, notNull, generated }) => notNull && !generated && /^(?:timestamptz|timestamp)$/.test(type.name),
  )
  const filled = moments.filter((column) => column.default !== null)
  const [time, ...more] = filled.length === 1 ? filled : moments
  return time && more.length === 0 ? time : null
}

/** A text of each row says of which table it tells: rows of several are kept here, not what was of one, or a queue. */
function holdsManyTables({ columns }: Table): boolean {
  return columns.some(
    ({ name, type }) =>
      (type.typcategory === 'S' || type.category === 'enum') &&
      /(?:^| )(?:table|tablename|relation|tabelle|tabla|tabela|auditable type|(?:entity|object|item|record|resource|model|target|subject) (?:type|name|table)|entity|model)(?: name| cible)?$/.test(
        wordsOf(name).join(' '),
      ),
  )
}
