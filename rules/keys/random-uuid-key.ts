import { afterReview, quoteIdentifier, quoteRelation, rule, statement } from '../../src/kit.js'

const ENOUGH = 10_000_000
const RANDOM = /^(?:[\w"]+\.)?(?:gen_random_uuid|uuid_generate_v4)\(\)$/

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.7,
  docs: {
    summary: 'Let the UUIDs of a large table’s key rise with time.',
    why: 'Random keys put each new row on another page of the index: it does not stay in memory, each insert writes a whole page to the log, and pages are half empty.',
    bad: `create table event (id uuid primary key default gen_random_uuid(), payload jsonb);
      -- statistics: public.event {"rows": 90000000, "inserted": 40000000}`,
    good: `create table event (id uuid primary key default uuidv7(), payload jsonb);
      -- statistics: public.event {"rows": 90000000, "inserted": 40000000}`,
    unless: 'Nobody may learn from a key when its row was made.',
    references: ['https://www.postgresql.org/docs/current/functions-uuid.html'],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics }) {
    for (const { primaryKey, variety, partitionOf } of catalog.tables) {
      const [column, ...others] = primaryKey?.columns ?? []
      if (!column || others.length > 0 || variety !== 'ordinary' || partitionOf) continue
      if (column.type.name !== 'uuid' || !RANDOM.test(column.default ?? '')) continue
      const counted = statistics.table(column.table)
      if (!counted || (counted.rows ?? 0) < ENOUGH || counted.inserted === 0) continue
      yield { on: column, facts: { default: column.default ?? '', rows: counted.rows ?? 0 } }
    }
  },

  message: ({ on, facts: { rows } }) => `${on} is random, and identifies about ${Math.round(rows / 1e6)} million rows.`,

  advice: ({ catalog }) =>
    catalog.serverVersion >= 180_000
      ? 'Make uuidv7() the default; old keys stay as they are.'
      : 'Let the application make version 7 UUIDs (PostgreSQL 18 has uuidv7()); old keys stay as they are.',

  fix: ({ on, facts: { default: old }, catalog }) => {
    if (catalog.serverVersion < 180_000) return []
    const alter = `alter table ${quoteRelation(on.table)} alter column ${quoteIdentifier(on.name)} set default`
    return afterReview(`May everybody who sees a key of ${on.table} learn when its row was made?`, [
      statement(`${alter} pg_catalog.uuidv7()`, `${alter} ${old}`, { lock: 'ACCESS EXCLUSIVE' }),
    ])
  },
})
