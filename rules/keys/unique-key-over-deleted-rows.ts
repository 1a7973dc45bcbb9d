import {
  afterReview,
  type Column,
  columnsIn,
  createIndex,
  dropConstraint,
  dropIndex,
  type Index,
  parseExpression,
  quoteIdentifier,
  rule,
  serviceOf,
  type Table,
  wordsOf,
} from '../../src/kit.js'

/** A first look at a name, before it is taken apart. */
const MAY_BE_DELETED = /delet|remov|discard|trash|gel[oö]|suppr|elimin|borrad|exclu/i
const DELETED =
  /^(?:deleted|removed|discarded|trashed|geloescht|geloscht|supprime|eliminado|borrado|excluido|deletado)$/
/** The last word of a name of what people choose, and will choose again. */
const CHOSEN =
  /^(?:name|code|slug|email|mail|handle|title|number|domain|subdomain|hostname|host|sku|alias|label|phone|iban|no|nr|nummer|kennung|kuerzel|bezeichnung|vorname|nachname|nom|prenom|codigo|nombre|apellido|correo|numero|nome)$/
/** Parts of a name of what is drawn by a machine and never used twice, deleted or not. */
const SURROGATE =
  /^(?:id|uuid|guid|token|hash|digest|secret|sequential|sequence|seq|external|remote|idempotency|fingerprint|checksum|stripe|paypal|provider|ulid|serial|nonce|url|uri|href|path|iri)$/
/** Names that many houses never give to somebody else, so that nobody is taken for their last holder. */
const PEOPLE =
  /^(?:user|person|people|account|profile|member|author|login|identity|principal|benutzer|utilisateur|usuario)$/

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.7,
  docs: {
    summary: 'Let a unique key leave out the rows that are only marked as deleted.',
    why: 'A row that was deleted by a mark still holds its name: the next customer to ask for the same e-mail or code is told that it is taken, by a row that no screen shows.',
    bad: 'create table coupon (id bigint primary key, code text not null unique, deleted_at timestamptz);',
    good: 'create table coupon (id bigint primary key, code text not null, deleted_at timestamptz); create unique index on coupon (code) where deleted_at is null;',
    unless: 'What was used once must never be used again.',
    references: ['https://www.postgresql.org/docs/current/indexes-partial.html'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    const convention = catalog.tables.some((table) => {
      const mark = deletionMarkOf(table)
      return mark && table.indexes.some((index) => index.unique && leavesOut(index, mark))
    })
    for (const table of catalog.tables) {
      const mark = deletionMarkOf(table)
      if (!mark || table.partitionOf || table.variety !== 'ordinary') continue
      if (PEOPLE.test(wordsOf(table.name).at(-1) ?? '')) continue
      for (const index of table.indexes) {
        const columns = naturalKeyOf(index, mark)
        if (columns.length === 0) continue
        yield {
          on: index.constraint ?? index,
          related: [mark],
          facts: { index: index.name, columns: columns.map(({ name }) => name), mark: mark.name, live: liveRows(mark) },
          // Where other unique keys leave deleted rows out, this one was forgotten.
          assessment: convention ? { severity: 'warning', confidence: 0.85 } : {},
        }
      }
    }
  },

  message: ({ on, facts: { columns, mark } }) =>
    `${on} counts deleted rows too: once ${mark} is set, (${columns.join(', ')}) can never be used again.`,

  advice: ({ facts: { columns, live } }) =>
    `Replace it by a unique index on (${columns.join(', ')}) where ${live}; statements with ON CONFLICT have to name the same condition.`,

  fix: ({ on, facts: { index: name, columns, live } }) => {
    const table = on.kind === 'constraint' || on.kind === 'index' ? on.table : null
    const index = table?.indexes.find((each) => each.name === name)
    if (!index || table?.kind !== 'table' || isNeeded(index, table)) return []
    const keys = columns.flatMap((column) => table.column(column) ?? []).map((column) => ({ column }))
    return afterReview(`May (${columns.join(', ')}) of a deleted row of ${table} be used again? The steps say yes.`, [
      ...createIndex(table, { keys, unique: true, where: live }),
      ...(index.constraint ? dropConstraint(index.constraint) : dropIndex(index)),
    ])
  },
})

/** The column that marks a row as deleted: a nullable time, or a boolean. */
function deletionMarkOf(table: Table): Column | undefined {
  return table.columns.find(({ name, type, notNull, default: value }) => {
    if (!MAY_BE_DELETED.test(name)) return false
    const words = wordsOf(name)
    if (!words.some((word) => DELETED.test(word)) || words.some((word) => /^(?:by|reason|id|count)$/.test(word)))
      return false
    return type.name === 'bool' ? value !== 'true' : /^(?:timestamp(?:tz)?|date)$/.test(type.name) && !notNull
  })
}

function liveRows({ name, type, notNull }: Column): string {
  const column = quoteIdentifier(name)
  if (type.name !== 'bool') return `${column} is null`
  return notNull ? `not ${column}` : `${column} is not true`
}

function leavesOut({ predicate, table }: Index, mark: Column): boolean {
  if (predicate === null || table.kind !== 'table') return false
  return columnsIn(parseExpression(predicate, table)).includes(mark.name)
}

/** Columns of a whole unique index that hold what people choose; none when the index is another kind. */
function naturalKeyOf(index: Index, mark: Column): readonly Column[] {
  const { unique, valid, keys, predicate, constraint, supportsForeignKeys, isReplicaIdentity } = index
  if (!unique || !valid || predicate !== null || isReplicaIdentity || supportsForeignKeys.length > 0) return []
  if (constraint?.type === 'primary key' || constraint?.deferrable || index.nullsNotDistinct) return []
  const columns = keys.flatMap(({ column }) => column ?? [])
  if (columns.length < keys.length || columns.includes(mark) || index.included.length > 0) return []
  if (columns.some((column) => mark.table.primaryKey?.columns.includes(column))) return []
  return columns.some(isChosen) ? columns : []
}

/** Text that people choose. */
function isChosen(column: Column): boolean {
  if (column.type.typcategory !== 'S' && column.type.name !== 'citext') return false
  if (column.default !== null) return false
  const words = wordsOf(column.name)
  return (CHOSEN.test(words.at(-1) ?? '') || column.name === 'key') && !words.some((word) => SURROGATE.test(word))
}

/** A foreign key is served by this index alone, and a partial one would not serve it. */
function isNeeded(index: Index, table: Table): boolean {
  const [lead] = index.keys
  return table.foreignKeys.some(
    (foreignKey) => lead?.column && foreignKey.columns.includes(lead.column) && serviceOf(foreignKey) === 'full',
  )
}
