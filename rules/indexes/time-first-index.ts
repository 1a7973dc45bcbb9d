import { type IndexKey, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Put what is compared by = before the time in an index.',
    why: 'A range of time is followed by all rows of that time: what stands after it in the index can only filter them. With the equal part first the scan starts at the right rows and ends after them, in order of time.',
    bad: 'create table reading (id bigint primary key, meter_id bigint not null, taken_at timestamptz not null); create index on reading (taken_at, meter_id);',
    good: 'create table reading (id bigint primary key, meter_id bigint not null, taken_at timestamptz not null); create index on reading (meter_id, taken_at);',
    unless: 'Pages are read in order of time, and the last column only breaks ties.',
    references: ['https://www.postgresql.org/docs/current/indexes-multicolumn.html'],
  },
  needs: ['catalog'],
  yieldsTo: ['indexes/redundant-index', 'indexes/unused-index', 'maintenance/invalid-index'],

  *detect({ catalog }) {
    for (const index of catalog.indexes()) {
      const [first, ...others] = index.keys
      if (index.method !== 'btree' || index.constraint || index.unique || index.partitionOf || others.length === 0)
        continue
      const key = index.table.kind === 'table' ? index.table.primaryKey?.columns : undefined
      if (!first || !isTime(first) || !others.every(({ column }) => column && !isTimeType(column.type.name))) continue
      // A key after the time only puts rows of one instant in order.
      if (others.some(({ column }) => column && key?.includes(column))) continue
      yield { on: index, facts: { time: first.expression, equal: others.map(({ expression }) => expression) } }
    }
  },

  message: ({ on, facts: { time, equal } }) =>
    `${on} begins with ${time}; ${equal.join(', ')} can only filter what a range of it finds.`,
})

function isTime({ column }: IndexKey): boolean {
  // A time that may be missing, such as deleted_at, is compared by IS NULL.
  return column !== null && column.notNull && isTimeType(column.type.name)
}

function isTimeType(type: string): boolean {
  return type === 'timestamptz' || type === 'timestamp'
}
