import { checksOf, type Column, literalsComparedWith, rule, wordsOf } from '../../src/kit.js'

/** Words of texts that have no fixed length. */
const OF_ANY_LENGTH = new Set(
  'name nom nombre nome title titel titre titulo description beschreibung descripcion descricao comment kommentar comentario note notes notiz email mail address adresse direccion endereco street strasse rue calle rua city ville ciudad cidade town stadt company firma empresa label text url subject betreff reason grund motivo message'.split(
    ' ',
  ),
)

/** Below it, even a label is a code. */
const SHORTEST_TEXT = 8

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Store text of varying length as text or varchar, not as char(n).',
    why: 'char(n) fills values up with blanks: they are stored, sent to the program and lost again in comparisons, so what the program gets is not what it wrote; LIKE and regular expressions see the blanks, = does not.',
    bad: "create table account (id bigint primary key, status char(10) not null check (status in ('open', 'closed')));",
    good: "create table account (id bigint primary key, status text not null check (status in ('open', 'closed')), currency char(3) not null);",
    references: [
      'https://www.postgresql.org/docs/current/datatype-character.html',
      'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_char.28n.29',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const padded = table.columns.flatMap((column) => {
        const sign = column.inherited ? null : signOfPadding(column)
        return sign ? [{ column, ...sign }] : []
      })
      if (padded.length === 0) continue
      yield {
        on: table,
        related: padded.map(({ column }) => column),
        facts: {
          columns: padded.map(({ column, value }) => ({ name: column.name, type: column.type.sql, value })),
        },
        assessment: padded.some(({ value }) => value !== null) ? {} : { tier: 'inferred', confidence: 0.9 },
      }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} pads ${columns.map(({ name, type, value }) => `${name} ${type}${value === null ? '' : ` (such as '${value}')`}`).join(', ')} with blanks.`,

  advice: ({ facts: { columns } }) =>
    `Change ${columns.map(({ name }) => name).join(', ')} to text, with a CHECK where a longest length is meant; first look for programs that compare with the padded value.`,
})

/** A value that is shorter than the column, in its default or a CHECK; or a name that says that lengths vary. Codes of one length are what the type is for. */
function signOfPadding(column: Column): { readonly value: string | null } | null {
  const { name, length } = column.type
  if (name !== 'bpchar' || length === null || length < 2) return null
  const checked = checksOf(column.table).flatMap((check) => literalsComparedWith(check, column))
  const [, given] = column.default?.match(/^'([^']*)'::bpchar$/) ?? []
  const shorter = [...checked, ...(given ? [given] : [])].find(
    (value) => value.trim() !== '' && [...value].length < length,
  )
  if (shorter !== undefined) return { value: shorter }
  const words = wordsOf(column.name)
  if (/hash|digest|checksum|md5|sha\d|token|fingerprint|hex/i.test(column.name)) return null
  return length >= SHORTEST_TEXT && OF_ANY_LENGTH.has(words.at(-1) ?? '') ? { value: null } : null
}
