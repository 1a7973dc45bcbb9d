const WORDS =
  'account invoice plan usage payment refund credit coupon meter ledger price subscription address contract quote purchase shipment return ticket report export'.split(
    ' ',
  )
const PARTS = ['', '_line', '_event', '_note', '_state', '_tag', '_batch', '_setting', '_limit', '_entry', '_history']

/** DDL of a schema that looks like one that grew: modules around a root table, links between them, and the usual defects. The same every time. */
export function generateBillingSchema(tables: number): string {
  const names = Array.from({ length: tables }, (_, at) => {
    const module = Math.floor(at / PARTS.length)
    const generation = Math.floor(module / WORDS.length)
    return `${WORDS[module % WORDS.length]}${PARTS[at % PARTS.length]}${generation > 0 ? `_${generation + 1}` : ''}`
  })
  return names
    .map((name, at) => {
      const root = at - (at % PARTS.length)
      const columns = [
        'id bigint generated always as identity primary key',
        ...(at > 0 ? [`tenant_id bigint not null references ${names[0]} (id)`] : []),
        ...(at === root
          ? []
          : [
              `${names[root]}_id bigint ${at % 3 === 0 ? '' : 'not null'} references ${names[root]} (id) on delete cascade`,
            ]),
        ...(at % 5 === 4 && at - 1 > root ? [`${names[at - 1]}_id bigint references ${names[at - 1]} (id)`] : []),
        ...(at % 7 === 3 && root > 0
          ? [`${names[root - PARTS.length]}_ref bigint references ${names[root - PARTS.length]} (id)`]
          : []),
        `status varchar(20) not null default 'new'`,
        `amount ${at % 9 === 2 ? 'double precision' : 'numeric(14, 2)'} not null`,
        'currency char(3)',
        'starts_at timestamptz',
        'ends_at timestamptz',
        `created_at ${at % 6 === 1 ? 'timestamp' : 'timestamptz'} not null default now()`,
        ...(at % 8 === 5 ? ['payload jsonb', 'tags text'] : []),
      ]
      return `create table ${name} (${columns.join(', ')});\n${at % 2 === 0 && at > 0 ? `create index on ${name} (tenant_id);\n` : ''}`
    })
    .join('')
}
