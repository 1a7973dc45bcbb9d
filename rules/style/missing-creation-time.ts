import { type Column, rule, type Table } from '../../src/kit.js'

const FEWEST_TABLES = 5
const MAJORITY = 0.8

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Record when a row was made in each table, where the others do.',
    why: 'When something went wrong, the first question is since when. Where nearly every table answers it, programs and reports rely on the column.',
    bad: `${['a', 'b', 'c', 'd'].map((name) => `create table ${name} (id bigint primary key, label text, created_at timestamptz not null default now());`).join(' ')} create table e (id bigint primary key, label text, more text);`,
    good: 'create table a (id bigint primary key, label text, created_at timestamptz not null default now()); create table b (id bigint primary key, label text);',
    unless: 'The rows never change after the migration that made them.',
    references: [],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const schema of catalog.schemas) {
      const tables = catalog.tables.filter((table) => table.schema === schema && isEntity(table))
      const names = tables.flatMap(({ columns }) => columns.filter(isTime).map(({ name }) => name))
      const usual = [...new Set(names)].find(
        (name) => names.filter((other) => other === name).length >= tables.length * MAJORITY,
      )
      if (usual === undefined || tables.length < FEWEST_TABLES) continue
      for (const table of tables)
        if (!table.columns.some(saysWhen)) yield { on: table, facts: { usual, tables: tables.length } }
    }
  },

  message: ({ on, facts: { usual } }) => `${on} has no ${usual}, as the other tables of its schema have.`,
})

/** A table with a key of its own: no link between two others, and no list of constants. */
function isEntity({ partitionOf, variety, primaryKey, columns, inherits }: Table): boolean {
  return (
    !partitionOf &&
    variety !== 'foreign' &&
    inherits.length === 0 &&
    primaryKey?.columns.length === 1 &&
    columns.length > 2
  )
}

function isTime(column: Column): boolean {
  return saysWhen(column) && /^(?:creat|insert|add|made|cri|erstellt|cree|dat)/i.test(column.name)
}

/** A time that the server or program stamps, whatever it is called. */
function saysWhen({ type, name }: Column): boolean {
  return (
    /^(?:timestamp(?:tz)?|date)$/.test(type.name) &&
    /creat|insert|add|made|cri|erstellt|cree|at$|time|when|date/i.test(name)
  )
}
