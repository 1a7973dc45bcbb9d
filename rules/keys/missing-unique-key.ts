import { addKey, afterReview, createIndex, quoteColumns, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  complexity: 'medium',
  confidence: 0.85,
  docs: {
    summary: 'Let a unique key keep what no two rows have alike.',
    why: 'Nothing but the application keeps the second row with the same number out: two requests at once, an import or a retry brings it, and from then on each lookup by it finds either row.',
    bad: `create table voucher (id bigint primary key, code text not null);
      insert into voucher select n, 'v' || n from generate_series(1, 200) as n;`,
    good: `create table voucher (id bigint primary key, code text not null unique);
      insert into voucher select n, 'v' || n from generate_series(1, 200) as n;`,
    unless: 'The same value may come twice, and has not yet.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      for (const { columns: names, as, where, grounds } of sample.keys(table)) {
        const columns = names.flatMap((name) => table.column(name) ?? [])
        const known = table.indexes.some(
          ({ unique, keys }) => unique && keys.every(({ column }) => column !== null && names.includes(column.name)),
        )
        if (as !== 'unique' || columns.length < names.length || known) continue
        yield {
          on: columns.at(-1)!,
          related: columns.slice(0, -1),
          facts: { columns: names, where, rows: grounds.support },
          grounds,
        }
      }
    }
  },

  message: ({ on, facts: { columns, where, rows } }) =>
    `No two of ${rows} ${where === null ? '' : `live `}rows of ${on.table} have the same ${columns.join(', ')}, and nothing keeps it so.`,

  advice: ({ facts: { columns, where } }) =>
    `Add a unique ${where === null ? 'key' : `index (where ${where})`} on ${columns.join(', ')}, if that is meant.`,

  fix: ({ on, facts: { columns: names, where } }) => {
    const { table } = on
    const columns = names.flatMap((name) => table.column(name) ?? [])
    const steps =
      where === null
        ? addKey(columns, 'unique')
        : createIndex(table, { keys: columns.map((column) => ({ column })), unique: true, where })
    return afterReview(`May no two rows of ${table} ever have the same ${quoteColumns(columns)}?`, steps)
  },
})
