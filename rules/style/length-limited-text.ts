import { checksOf, columnsIn, rule } from '../../src/kit.js'

/** What is a UUID wants another type. */
const UUID_LENGTH = 36

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Use text, with a CHECK where a longest length is meant.',
    why: 'varchar(n) is no smaller and no faster than text, and most n are guesses. Raising one is cheap, lowering it reads the table under the strongest lock; a CHECK is changed without either.',
    bad: 'create table person (id bigint primary key, name varchar(255) not null);',
    good: 'create table person (id bigint primary key, name text not null check (char_length(name) <= 255), nick varchar);',
    unless: 'The length is that of another system that cuts or refuses longer values.',
    references: ['https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_varchar.28n.29_by_default'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const checked = new Set(checksOf(table).flatMap(columnsIn))
      const columns = table.columns.filter(
        ({ type, inherited, name }) =>
          !inherited &&
          type.name === 'varchar' &&
          type.length !== null &&
          type.length !== UUID_LENGTH &&
          !checked.has(name),
      )
      if (columns.length === 0) continue
      yield { on: table, related: columns, facts: { columns: columns.map(({ name, type }) => `${name} ${type.sql}`) } }
    }
  },

  message: ({ on, facts: { columns } }) => `${on} limits text by its type: ${columns.join(', ')}.`,
})
