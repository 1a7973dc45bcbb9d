/** DDL of a schema with this many tables: 12 columns and 2.4 indexes each, every tenth with a CHECK, chained by foreign keys. */
export function generateSchema(tables: number): readonly string[] {
  return Array.from({ length: tables }, (_, at) => {
    const reference = at === 0 ? '' : `references bench.table_${at - 1}`
    return [
      `create table bench.table_${at} (
        id bigint generated always as identity primary key, parent_id bigint ${reference},
        code text not null ${at % 10 < 4 ? 'unique' : ''}, status varchar(20) not null default 'new',
        amount numeric(14, 2) not null ${at % 10 === 0 ? 'check (amount >= 0)' : ''}, currency char(3), note text,
        payload jsonb, starts_at timestamptz, ends_at timestamptz, created_at timestamptz not null default now(),
        updated_at timestamptz
      )`,
      `create index on bench.table_${at} (parent_id, created_at desc) where status <> 'gone'`,
    ]
  }).flat()
}
