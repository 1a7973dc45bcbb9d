import { type Column, type ExclusionConstraint, rule, type Table } from '../../src/kit.js'

/** As the server prints a range of instants that holds both of its ends. */
const CLOSED = /\b(?:tstzrange|tsrange)\s*\(.*'\[\]'/i

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let a period of instants begin where the last one ends: closed at its start, open at its end.',
    why: "With `'[]'` the instant of a renewal belongs to both periods. An exclusion constraint refuses the renewal, or somebody takes a second off each end, and what happens in that second belongs to no period at all.",
    bad: "create extension if not exists btree_gist; create table subscription (id bigint primary key, customer_id bigint not null, starts_at timestamptz not null, ends_at timestamptz not null, check (ends_at > starts_at), exclude using gist (customer_id with =, tstzrange(starts_at, ends_at, '[]') with &&));",
    good: "create extension if not exists btree_gist; create table subscription (id bigint primary key, customer_id bigint not null, starts_at timestamptz not null, ends_at timestamptz not null, check (ends_at > starts_at), exclude using gist (customer_id with =, tstzrange(starts_at, ends_at, '[)') with &&));",
    unless: 'The end is the last instant that belongs to the period, and the next one begins after it.',
    references: ['https://www.postgresql.org/docs/current/rangetypes.html#RANGETYPES-INCLUSIVITY'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const { on, expression } of closedIn(table)) yield { on, facts: { expression } }
    }
  },

  message: ({ on, facts: { expression } }) => `${on} makes periods that hold both of their ends: ${expression}.`,

  advice: () =>
    "Write '[)' instead, the end being the first instant that no longer belongs to the period; where ends were written as the last second, they move by that second.",
})

type Closed = { readonly on: ExclusionConstraint | Column; readonly expression: string }

/** Exclusion constraints and generated columns that are made of closed ranges of instants. */
function closedIn({ exclusions, columns }: Table): readonly Closed[] {
  return [
    ...exclusions.flatMap((on) =>
      on.index.keys.flatMap(({ column, expression }) =>
        !column && CLOSED.test(expression) ? [{ on, expression }] : [],
      ),
    ),
    ...columns.flatMap((on) => {
      const expression = on.generated?.expression ?? ''
      return CLOSED.test(expression) && !on.inherited ? [{ on, expression }] : []
    }),
  ]
}
