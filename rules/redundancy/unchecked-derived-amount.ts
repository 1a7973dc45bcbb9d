import {
  type Column,
  type Derivation,
  type Equation,
  equationsOf,
  type Facts,
  isKept,
  keepDerived,
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
  tier: 'inferred',

  *detect({ catalog, options }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const equation of equationsOf(table)) {
        const { target, plus, minus, confidence } = equation
        if (target.inherited || isKept(equation) !== 'no') continue
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
          },
          assessment: { confidence },
        }
      }
    }
  },

  message: ({ on, facts: { formula } }) => `${on} repeats ${formula}, and nothing keeps them equal.`,

  advice: ({ on, facts: { formula, nullable } }) =>
    [
      `Keep the column and add CHECK (${on.name} = ${formula}): it needs no rewrite, and rows that disagree already are shown before it stands instead of being lost.`,
      nullable.length > 0
        ? `Rows without ${nullable.join(' or ')} pass unchecked: make what must be known NOT NULL too.`
        : '',
      'A generated column in its place refuses every writer that still sends the value, and a stored one has the table written anew; who wants one sets the option as of this rule to virtual (PostgreSQL 18, no rewrite) or stored.',
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

function formulaOf({ target, form, plus, minus }: Equation, name: (column: Column) => string): string {
  const value = [plus.map(name).join(form === 'sum' ? ' + ' : ' * '), ...minus.map(name)].join(' - ')
  const scale = scaleOf(target)
  const scales = [...plus, ...minus].map(scaleOf)
  // A target of no fixed scale takes any number of digits.
  if (scale === null || target.type.name === 'money') return value
  const digits = scales.reduce((a, b) => (a === null || b === null ? null : form === 'sum' ? Math.max(a, b) : a + b), 0)
  return digits !== null && digits <= scale ? value : `round(${value}, ${scale})`
}

/** Digits after the point; null where a value may have any number of them. */
function scaleOf({ type }: Column): number | null {
  return type.name === 'numeric' ? type.scale : type.name === 'money' ? 2 : 0
}
