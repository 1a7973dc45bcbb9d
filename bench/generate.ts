/**
 * DDL of a schema with this many tables: 12 columns and 2.4 indexes each, chained by foreign keys. One table in ten has
 * the defects that others avoid: no CHECK on status, amount and period, and an index that does not serve its foreign key.
 */
export function generateSchema(tables: number): readonly string[] {
  return Array.from({ length: tables }, (_, at) => {
    const reference = at === 0 ? '' : `references bench.table_${at - 1}`
    const careless = at % 10 === 9
    const checks = careless
      ? ''
      : `, check (status in ('new', 'open', 'gone')), check (amount >= 0), check (ends_at > starts_at)`
    return [
      `create table bench.table_${at} (
        id bigint generated always as identity primary key, parent_id bigint ${reference},
        code text not null ${at % 10 < 4 ? 'unique' : ''}, status varchar(20) not null default 'new',
        amount numeric(14, 2) not null, currency char(3), note text, payload jsonb,
        starts_at timestamptz not null, ends_at timestamptz, created_at timestamptz not null default now(),
        updated_at timestamptz${checks}
      )`,
      `create index on bench.table_${at} (parent_id, created_at desc)${careless ? ` where status <> 'gone'` : ''}`,
    ]
  }).flat()
}
