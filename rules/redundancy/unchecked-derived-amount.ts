import {
  type Derivation,
  equationId,
  equationsOf,
  type Facts,
  formulaOf,
  isKept,
  isMirror,
  keepDerived,
  minedEquationsOf,
  quoteIdentifier,
  rule,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  aboutMoney: true,
  breaks: '3NF',
  docs: {
    summary: 'Let a CHECK keep an amount equal to the columns that it is computed from.',
    why: 'The column says again what its neighbours say. Sooner or later one writer changes a part and not the whole, and nobody can tell which of the two the customer owes.',
    bad: 'create table bill (id bigint primary key, total numeric(12, 2) not null, amount_paid numeric(12, 2) not null, amount_due numeric(12, 2) not null);',
    good: 'create table bill (id bigint primary key, total numeric(12, 2) not null, amount_paid numeric(12, 2) not null, amount_due numeric(12, 2) not null, check (amount_due = total - amount_paid));',
    unless: 'The amount was agreed or rounded apart from its parts, as on a document that is copied from elsewhere.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS',
      'https://www.postgresql.org/docs/current/ddl-generated-columns.html',
    ],
  },
  needs: ['catalog'],
  uses: ['sample'],
  tier: 'inferred',

  *detect({ catalog, sample, options }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || isMirror(table)) continue
      const named = equationsOf(table).map((equation) => ({
        equation,
        grounds: sample?.predicate(equationId(equation))?.grounds,
      }))
      const mined = minedEquationsOf(table, sample?.equations(table) ?? [])
      const told = new Set<string>()
      for (const { equation, grounds } of [...named, ...mined]) {
        const { target, plus, minus, confidence } = equation
        // Where many rows contradict it, it is not what the names mean.
        if (target.inherited || isKept(equation) !== 'no' || grounds?.verdict === 'refuted') continue
        if (told.has(target.name)) continue
        told.add(target.name)
        const parts = [...plus, ...minus]
        yield {
          on: target,
          related: parts,
          facts: {
            formula: formulaOf(equation, (column) => column.name),
            sql: formulaOf(equation, (column) => quoteIdentifier(column.name)),
            columns: [target, ...parts].map(({ name }) => name),
            as: wanted(options),
            nullable: [target, ...parts].filter(({ notNull }) => !notNull).map(({ name }) => name),
            differing: grounds?.violations ?? 0,
          },
          ...(grounds && grounds.verdict !== 'not verified' ? { grounds } : {}),
          assessment: { confidence: grounds && grounds.support > 0 ? Math.max(confidence, 0.95) : confidence },
        }
      }
    }
  },

  message: ({ on, facts: { formula, differing } }) =>
    `${on} repeats ${formula}, and nothing keeps them equal${differing > 0 ? `: ${differing} ${differing > 1 ? 'rows differ' : 'row differs'}` : ''}.`,

  advice: ({ on, facts: { formula, nullable } }) =>
    [
      `Keep the column and add CHECK (${on.name} = ${formula}): it needs no rewrite, and rows that disagree already are shown before it stands instead of being lost.`,
      nullable.length > 0
        ? `Rows without ${nullable.join(' or ')} pass unchecked: make what must be known NOT NULL too.`
        : '',
      'A generated column in its place refuses every writer that still sends the value; the option `as` of this rule asks for one, `virtual` (PostgreSQL 18, no rewrite) or `stored` (the table is written anew).',
    ]
      .filter(Boolean)
      .join(' '),

  fix: ({ on, facts: { sql, columns, as }, catalog, target }) =>
    keepDerived(
      { column: on, parts: columns.slice(1).flatMap((name) => on.table.column(name) ?? []), formula: sql, as },
      { catalog, target },
    ),
})

function wanted({ as }: Facts): Derivation['as'] {
  return as === 'virtual' || as === 'stored' ? as : 'check'
}
