import {
  allOf,
  columnsIn,
  type Expression,
  implies,
  type Table,
  parseExpression,
  replaceIndex,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Leave IS NOT NULL out of an index on a column that is NOT NULL.',
    why: 'The condition holds for every row, so it saves nothing; but a query must imply it to use the index, ON CONFLICT must repeat it, and no foreign key can point to a partial unique index.',
    bad: 'create table token (id bigint primary key, digest text not null); create unique index on token (digest) where digest is not null;',
    good: 'create table token (id bigint primary key, digest text); create unique index on token (digest) where digest is not null;',
    references: ['https://www.postgresql.org/docs/current/indexes-partial.html'],
  },
  needs: ['catalog'],
  yieldsTo: ['indexes/redundant-index', 'indexes/unused-index', 'maintenance/invalid-index'],
  reveals: ['indexes/redundant-index'],

  *detect({ catalog }) {
    for (const index of catalog.indexes()) {
      const { table } = index
      if (!index.predicate?.includes('IS NOT NULL') || index.partitionOf || !index.valid || table.kind !== 'table')
        continue
      const predicate = parseExpression(index.predicate, table)
      const filled = columnsIn(predicate).filter((name) => isFilled(name, table))
      const whole = filled.length > 0 && implies(allOf(filled.map(isNotNull)), predicate) === 'yes'
      const parts = predicate.kind === 'and' ? predicate.parts : []
      if (!whole && !parts.some((part) => isAlways(part, table))) continue
      yield { on: index, facts: { predicate: index.predicate, whole } }
    }
  },

  message: ({ on, facts: { predicate, whole } }) =>
    whole
      ? `${on} is partial by ${predicate}, which is true of every row.`
      : `${on} asks for more than it has to by ${predicate}: a part of it is true of every row.`,

  fix: ({ on, facts: { whole } }) =>
    whole ? replaceIndex(on, (definition) => definition.slice(0, definition.lastIndexOf(' WHERE '))) : [],
})

function isNotNull(name: string): Expression {
  return { kind: 'isNotNull', operand: { kind: 'column', name } }
}

function isAlways(part: Expression, table: Table): boolean {
  return part.kind === 'isNotNull' && part.operand.kind === 'column' && isFilled(part.operand.name, table)
}

function isFilled(name: string, table: Table): boolean {
  return table.column(name)?.notNull === true
}
