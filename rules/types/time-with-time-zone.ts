import { afterReview, changeColumnTypes, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Store a time of day as time, and an instant as timestamptz.',
    why: 'A zone needs a date to know its offset from UTC. timetz keeps a bare offset, so 09:00 stored in summer is 08:00 in winter, and two values that show the same time are not equal.',
    bad: 'create table shop (id bigint primary key, opens_at timetz not null);',
    good: 'create table shop (id bigint primary key, opens_at time not null, time_zone text not null);',
    references: [
      'https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-TIMEZONES',
      'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_timetz',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const columns = table.columns.filter(({ type, inherited }) => type.name === 'timetz' && !inherited)
      if (columns.length === 0) continue
      yield { on: table, related: columns, facts: { columns: columns.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { columns } }) => `${on} stores ${columns.join(', ')} as time with time zone.`,

  fix: ({ on, facts: { columns }, catalog, target }) => {
    const changed = columns.flatMap((name) => on.column(name) ?? [])
    if (changed.some((column) => column.default !== null || column.generated || column.type.domain)) return []
    return afterReview(
      `The steps drop the offset and keep the time of day in ${columns.join(', ')}: was every value written with the same offset?`,
      changeColumnTypes(
        changed.map((column) => ({ column, type: column.type.sql.replace(/ with time zone$/, '') })),
        { catalog, target },
      ),
    )
  },
})
