import { quoteIdentifier, quoteRelation, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.95,
  docs: {
    summary: 'Write now() as a function call, not as a string.',
    why: `DEFAULT 'now' and DEFAULT 'now()' are read once, when the table is made: PostgreSQL stores the instant of the migration, and every row that is inserted later claims to be from then.`,
    bad: `create table session (id bigint primary key, started_at timestamptz not null default '2026-01-15 09:31:07.482913+00'); -- what default 'now' became`,
    good: `create table session (id bigint primary key, started_at timestamptz not null default now(), ends_at timestamptz not null default '2999-12-31 00:00:00+00');`,
    references: ['https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-SPECIAL-VALUES'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const column of table.columns) {
        const [, instant] = column.inherited || column.generated ? [] : (column.default?.match(FROZEN) ?? [])
        if (instant !== undefined) yield { on: column, facts: { instant } }
      }
    }
  },

  message: ({ on, facts: { instant } }) => `${on} defaults to one instant, ${instant}, for every row.`,

  fix: ({ on }) => {
    const alter = `alter table ${quoteRelation(on.table)} alter column ${quoteIdentifier(on.name)}`
    const now = on.type.name === 'timestamptz' ? 'now()' : 'localtimestamp'
    return [
      statement(`${alter} set default ${now}`, `${alter} set default ${on.default}`, {
        phase: 'switch',
        lock: 'ACCESS EXCLUSIVE',
      }),
    ]
  },
})

/** A constant with a fraction of a second, which nobody writes by hand; .999 ends a day. */
const FROZEN = /^'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.(?!9+\b)\d{3,6}(?:[+-][\d:]+)?)'::timestamp/
