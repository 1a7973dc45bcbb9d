import { rule, type Table } from '../../src/kit.js'

/** What people put behind a name when they keep a copy: `_old`, `_backup_20240131`, `_copy2`. */
const COPY =
  /^(.{2,}?)_(?:old|bak|backup|bkp|copy|orig|original|save|saved|kopie|alt|sicherung|copie|sauvegarde|copia|respaldo)(?:_?\d{0,8})?$/i

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.8,
  docs: {
    summary: 'Drop the copy of a table that was kept after a change.',
    why: 'Nobody updates it, nothing checks it, and it still holds customer data that was deleted from the table itself.',
    bad: 'create table customer (id bigint primary key, email text); create table customer_backup as table customer;',
    good: 'create table customer (id bigint primary key, email text); create table customer_address (id bigint primary key, email text);',
    unless: 'The copy is part of a procedure that is still running.',
    references: ['https://www.postgresql.org/docs/current/app-pgdump.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      const stem = COPY.exec(table.name)?.[1]
      if (!stem || table.partitionOf || table.variety !== 'ordinary') continue
      const original = [stem, `${stem}s`].map((name) => catalog.table(table.schema.name, name)).find(Boolean)
      if (!original || original === table || !isCopy(table, original)) continue
      yield { on: table, related: [original], facts: { original: original.address } }
    }
  },

  message: ({ on, facts: { original } }) => `${on} looks like a copy of ${original} that was left behind.`,

  advice: ({ on }) => `Dump ${on} if it is still worth something, and drop it.`,
})

/** The same columns, without anything that makes it part of the schema. */
function isCopy(table: Table, original: Table): boolean {
  const { referencedBy, foreignKeys, triggers, policies, inherits } = table
  if ([referencedBy, foreignKeys, triggers, policies, inherits].some(({ length }) => length > 0)) return false
  if (table.columns.some(({ identity, default: value }) => identity !== null || /nextval/.test(value ?? '')))
    return false
  const same = table.columns.filter(({ name, type }) => original.column(name)?.type.name === type.name)
  return same.length === table.columns.length && same.length >= 2 && same.length >= original.columns.length / 2
}
