import { type Column, mentions, rule, wordsOf } from '../../src/kit.js'

const TEXT = new Set(['text', 'varchar', 'bpchar', 'citext'])

/** Longest way to write an instant: 2026-01-31T23:59:59.123456+01:00, and some room. */
const LONGEST = 64
/** Shortest way to write a day. */
const SHORTEST = 8

/** What has a moment at which it was done. */
const DONE = new Set(
  'created updated modified changed deleted removed inserted added expires expired started ended published issued paid cancelled canceled scheduled sent received processed confirmed verified approved rejected closed opened archived completed finished activated registered due billed invoiced charged refunded signed shipped delivered creado actualizado modificado creada cree modifie criado atualizado erstellt geandert geaendert'.split(
    ' ',
  ),
)
const MOMENT = new Set('at date datetime timestamp time am em le el'.split(' '))

/** What is said about a time, not a time. */
const ABOUT =
  /format|style|text|label|pattern|precision|display|str|source|type|range|raw|original|zone|field|column|key|name|template|message|by|expression|cron|rule/i

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.85,
  complexity: 'medium',
  docs: {
    summary: 'Store dates and times as date and timestamptz.',
    why: 'Text takes any spelling and any day, such as 31.02., sorts by its letters, and has to be parsed in each comparison, where one value that is no date makes the query fail.',
    bad: 'create table payment (id bigint primary key, paid_at text not null);',
    good: 'create table payment (id bigint primary key, paid_at timestamptz not null);',
    unless: 'Incomplete or uncertain dates have to be kept as they were found.',
    references: ['https://www.postgresql.org/docs/current/datatype-datetime.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const columns = table.columns.filter((column) => !column.inherited && !column.generated && isTime(column))
      if (columns.length === 0) continue
      yield {
        on: table,
        related: columns,
        facts: { columns: columns.map(({ name, type }) => ({ name, type: type.sql })) },
      }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} stores ${columns.map(({ name, type }) => `${name} as ${type}`).join(', ')}, not as a date or an instant.`,

  advice: ({ on, facts: { columns } }) =>
    `Look for values of ${on} that are no dates, mend them, then change ${columns.map(({ name }) => name).join(', ')} to timestamptz or date with a USING clause that names the format (to_timestamp, to_date).`,
})

/** `paid_at`, `date_created`, `due_date`, `fecha_vencimiento`: something with a moment, and a word for it. */
function isTime({ name, type, comment }: Column): boolean {
  if (!TEXT.has(type.name) || ABOUT.test(name) || /format|as (?:found|written|given)/i.test(comment ?? '')) return false
  if (type.length !== null && (type.length < SHORTEST || type.length > LONGEST)) return false
  const words = wordsOf(name)
  if (words.length < 2 || words.length > 4) return false
  const spelled = name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_')
  const moment = MOMENT.has(spelled.at(-1) ?? '') || /^(?:date|datum|fecha|timestamp)$/.test(spelled[0] ?? '')
  const subject = spelled.some((word) => DONE.has(word))
  return (
    moment &&
    (subject ||
      (/date|datum|fecha|timestamp/.test(name.toLowerCase()) &&
        mentions(words, 'start', 'end', 'expiry', 'due', 'document')))
  )
}
