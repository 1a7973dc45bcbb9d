import { columnsFedBySequences, quoteRelation, rule, statement } from '../../src/kit.js'

const BITS: Readonly<Record<string, number>> = { smallint: 16, integer: 32, bigint: 64, int2: 16, int4: 32, int8: 64 }

/** From here on it is a matter of time. */
const NEARLY = 75

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

  *detect({ catalog }) {
    for (const [sequence, columns] of columnsFedBySequences(catalog)) {
      const bits = BITS[sequence.typeName] ?? 64
      const wider = columns.filter(({ type }) => (BITS[type.name] ?? 0) > bits)
      const largest = 2n ** BigInt(bits - 1) - 1n
      // Another maximum than the type's own was chosen.
      if (wider.length === 0 || wider.length < columns.length || sequence.maximum !== largest || sequence.cycle)
        continue
      const used = Number(((sequence.lastValue ?? 0n) * 100n) / largest)
      yield {
        on: sequence,
        related: wider,
        facts: { type: sequence.typeName, column: wider[0]!.address, columnType: wider[0]!.type.sql, used },
        ...(used >= NEARLY ? { assessment: { severity: 'error' } } : {}),
      }
    }
  },

  message: ({ on, facts: { type, column, columnType, used } }) =>
    `${on} is ${type}, though it numbers ${column}, a ${columnType}${used > 0 ? `; ${used} % of its numbers are used` : ''}.`,

  fix: ({ on, facts: { type, columnType } }) => [
    statement(`alter sequence ${quoteRelation(on)} as ${columnType}`, `alter sequence ${quoteRelation(on)} as ${type}`),
  ],
})
