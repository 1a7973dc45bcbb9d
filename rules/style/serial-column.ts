import { type Column, type Detection, rule, type Schema } from '../../src/kit.js'

/** From this many columns on it is one decision for the whole schema, and one finding. */
const FEWEST = 5

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Use an identity column instead of serial.',
    why: 'serial leaves a sequence with rights of its own, which INSERT needs beside those on the table, and a default that anybody can override or drop; identity is the standard, and the sequence belongs to the column.',
    bad: 'create table invoice (id bigserial primary key);',
    good: 'create table invoice (id bigint generated always as identity primary key);',
    references: ['https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_serial'],
  },
  needs: ['catalog'],

  *detect({ catalog }): Iterable<Detection<Schema | Column, { columns: readonly string[] }>> {
    const columns = catalog.sequences.flatMap(({ ownedBy, identity }) =>
      ownedBy &&
      !identity &&
      !ownedBy.inherited &&
      !ownedBy.table.partitionOf &&
      ownedBy.default?.startsWith('nextval(')
        ? [ownedBy]
        : [],
    )
    for (const schema of catalog.schemas) {
      const found = columns.filter(({ table }) => table.schema === schema)
      if (found.length >= FEWEST) {
        const names = found.map(({ table, name }) => `${table.name}.${name}`)
        yield { on: schema, related: found, facts: { columns: names } }
      } else for (const column of found) yield { on: column, facts: { columns: [column.name] } }
    }
  },

  message: ({ on, facts: { columns } }) =>
    on.kind === 'column'
      ? `${on} takes its numbers from a sequence by a default, not as an identity column.`
      : `${columns.length} columns of ${on} take their numbers from a sequence by a default, not as identity columns, such as ${columns.slice(0, 3).join(', ')}.`,
})
