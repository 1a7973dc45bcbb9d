import { createIndex, dropIndex, holdsShape, readShape, rule, writeShape } from '../../src/kit.js'

/** Queries that one index is explained by. */
const NAMED = 3

export default rule({
  severity: 'warning',
  tier: 'measured',
  confidence: 0.9,
  docs: {
    summary: 'Create the indexes that the workload wants, as the planner itself sees it.',
    why: 'Queries read whole tables to return a few rows. The set was chosen as a whole: what each index saves against what it takes to keep and to store, with every query planned as it would be with all of them.',
    bad: `create table invoice (id bigint primary key, customer_id bigint not null, note text);
-- advice: public.invoice {"keys": ["customer_id"], "bytes": 4194304, "before": 12000, "after": 8}
-- workload
select note from invoice where customer_id = 7;`,
    good: `create table invoice (id bigint primary key, customer_id bigint not null, note text);
create index on invoice (customer_id);
-- advice: public.invoice {"keys": ["customer_id"], "bytes": 4194304, "before": 12000, "after": 8}
-- workload
select note from invoice where customer_id = 7;`,
    unless: 'The workload that was looked at is not what the server will be asked.',
    references: ['https://www.postgresql.org/docs/current/indexes-examine.html'],
  },
  needs: ['catalog', 'advice'],

  *detect({ catalog, advice }) {
    for (const table of catalog.tables) {
      const wanted = advice.indexes.filter(
        (index) =>
          index.table.address === table.address && !table.indexes.some((own) => holdsShape(own, index.shape, table)),
      )
      if (wanted.length === 0) continue
      const served = wanted.flatMap(({ serves }) => serves)
      const dropped = wanted.flatMap(({ replaces }) => replaces.map(({ name }) => name))
      const gain = served.reduce((sum, { before, after, calls }) => sum + (before - after) * calls, 0)
      yield {
        on: table,
        facts: {
          indexes: wanted.map(({ shape, definition, bytes, upkeep, serves }) => ({
            shape: writeShape(shape),
            definition,
            bytes,
            upkeep,
            serves: serves.slice(0, NAMED).map(({ query, calls, before, after, node }) => ({
              query: query.name ?? query.normalized.slice(0, 200),
              calls,
              before,
              after,
              node,
            })),
            statements: serves.length,
          })),
          replaces: dropped,
          share: advice.cost.before > 0 ? gain / advice.cost.before : 0,
          planners: advice.planners.map(({ method, version }) => `${method} ${Math.floor(version / 10_000)}`),
        },
        assessment: { impact: gain / advice.cost.before >= 0.1 ? 'high' : 'medium' },
      }
    }
  },

  message: ({ on, facts: { indexes, share } }) => {
    const saved = share >= 0.01 ? `${Math.round(share * 100)} %` : 'less than 1 %'
    const statements = indexes.reduce((sum, index) => sum + index.statements, 0)
    const what = indexes.length === 1 ? 'an index' : `${indexes.length} indexes`
    return `${on} lacks ${what} by which the planner would read it for ${statements === 1 ? 'a query' : `${statements} queries`}, which saves ${saved} of the workload's planned cost.`
  },

  advice: ({ facts: { indexes, replaces } }) =>
    [
      ...indexes.map(({ definition, bytes, serves }) => {
        const [first] = serves
        const queries = first ? `; ${first.query}: ${round(first.before)} → ${round(first.after)}, ${first.node}` : ''
        return `Create one ${definition}: about ${megabytes(bytes)}${queries}.`
      }),
      ...replaces.map((name) => `Drop ${name} once the new one is in use.`),
    ].join(' '),

  fix: ({ on, facts: { indexes, replaces } }) => [
    ...indexes.flatMap(({ shape }) => createIndex(on, readShape(shape, on))),
    ...on.indexes.filter(({ name }) => replaces.includes(name)).flatMap(dropIndex),
  ],
})

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

function round(cost: number): string {
  return Math.round(cost).toLocaleString('en')
}
