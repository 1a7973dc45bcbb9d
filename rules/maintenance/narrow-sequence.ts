import {
  type Column,
  columnsFedBySequences,
  type Detection,
  groupBy,
  quoteRelation,
  rule,
  type Schema,
  type Sequence,
  statement,
} from '../../src/kit.js'

const BITS: Readonly<Record<string, number>> = { smallint: 16, integer: 32, bigint: 64, int2: 16, int4: 32, int8: 64 }

/** From here on it is a matter of time. */
const NEARLY = 75

/** From this many on it was one migration, and is one finding. */
const MANY = 5

type Narrow = {
  readonly name: string
  readonly type: string
  readonly column: string
  readonly columnType: string
  readonly used: number
}

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Give a sequence the type of the column that it numbers.',
    why: 'Widening a serial column does not widen its sequence: at 2,147,483,647 inserts fail with “nextval: reached maximum value of sequence”, though the column has room.',
    bad: 'create table event (id serial primary key); alter table event alter column id type bigint;',
    good: 'create table event (id bigserial primary key);',
    references: ['https://www.postgresql.org/docs/current/sql-altersequence.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }): Iterable<Detection<Schema | Sequence, { sequences: readonly Narrow[] }>> {
    const found = [...columnsFedBySequences(catalog)].flatMap(([sequence, columns]) => {
      const bits = BITS[sequence.typeName] ?? 64
      const wider = columns.filter(({ type }) => (BITS[type.name] ?? 0) > bits)
      const largest = 2n ** BigInt(bits - 1) - 1n
      // Another maximum than the type's own was chosen.
      if (wider.length === 0 || wider.length < columns.length || sequence.maximum !== largest || sequence.cycle)
        return []
      const used = Number(((sequence.lastValue ?? 0n) * 100n) / largest)
      const [{ address: column, type: columnType }] = wider as [Column, ...Column[]]
      const facts = { name: sequence.name, type: sequence.typeName, column, columnType: columnType.sql, used }
      return [{ sequence, wider, facts }]
    })
    for (const [schema, of] of groupBy(found, ({ sequence }) => sequence.schema)) {
      // A widening of the whole house forgot them all; one that is nearly used up is still told for itself.
      const [many, single] = of.length >= MANY ? partition(of, ({ facts }) => facts.used < NEARLY) : [[], of]
      if (many.length > 0)
        yield {
          on: schema,
          related: many.map(({ sequence }) => sequence),
          facts: { sequences: many.map(({ facts }) => facts) },
        }
      for (const { sequence, wider, facts } of single)
        yield {
          on: sequence,
          related: wider,
          facts: { sequences: [facts] },
          ...(facts.used >= NEARLY ? { assessment: { severity: 'error' as const } } : {}),
        }
    }
  },

  message: ({ on, facts: { sequences } }) => {
    const [{ type, column, columnType, used }] = sequences as [Narrow, ...Narrow[]]
    return on.kind === 'schema'
      ? `${sequences.length} sequences of ${on} are narrower than the columns that they number, such as ${sequences[0]?.name} (${type}), which numbers ${column} (${columnType}).`
      : `${on} is ${type}, though it numbers ${column}, a ${columnType}${used > 0 ? `; ${used} % of its numbers are used` : ''}.`
  },

  fix: ({ on, facts: { sequences } }) =>
    sequences.map(({ name, type, columnType }) => {
      const alter = `alter sequence ${quoteRelation({ schema: on.kind === 'schema' ? on : on.schema, name })}`
      return statement(`${alter} as ${columnType}`, `${alter} as ${type}`)
    }),
})

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))]
}
