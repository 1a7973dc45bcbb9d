import {
  addKey,
  afterReview,
  type Column,
  createIndex,
  documentNumberOf,
  dropPlainIndexes,
  issuerOf,
  quoteIdentifier,
  ownRolesOf,
  rule,
  type Table,
} from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.8,
  aboutMoney: true,
  docs: {
    summary: 'Make the number of an invoice unique within who issues it.',
    why: 'Tax law wants one number for one document. Two sessions that each take the highest number plus one write two invoices with the same number, and both customers pay with it as the reference.',
    bad: 'create table invoice (id bigint primary key, number text not null, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);',
    good: 'create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);',
    unless: 'The numbers are those of suppliers, who each have their own.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS',
      'https://eur-lex.europa.eu/eli/dir/2006/112/oj',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn('invoice', 'credit')) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const number = documentNumberOf(table)
      if (!number || number.inherited || isInUnique(number) || isDerived(table)) continue
      const scope = issuerOf(table, catalog)
      yield {
        on: number,
        related: scope,
        facts: { number: number.name, scope: scope.map(({ name }) => name), nullable: !number.notNull },
      }
    }
  },

  message: ({ on }) => `${on} may repeat: two rows of ${on.table} can have one number.`,

  advice: ({ facts: { number, scope } }) =>
    `Make (${[...scope, number].join(', ')}) unique. Where numbers must have no gap, take the next from a row that is locked until the commit, one for each issuer; a sequence leaves gaps, and max + 1 repeats.`,

  fix: ({ on, facts: { scope, nullable } }) => {
    if (on.table.variety !== 'ordinary') return []
    const columns = [...scope.flatMap((name) => on.table.column(name) ?? []), on]
    return afterReview(
      `Is ${on.name} of ${on.table} unique ${scope.length > 0 ? `within one ${scope.join(', ')}` : 'everywhere'}: is that the issuer, or is the number drawn from one series for all?`,
      nullable
        ? createIndex(on.table, {
            keys: columns.map((column) => ({ column })),
            unique: true,
            cleanUp: 'none',
            where: `${quoteIdentifier(on.name)} is not null`,
          })
        : [...addKey(columns, 'unique', 'none'), ...dropPlainIndexes(columns)],
    )
  },
})

function isInUnique({ table, name }: Column): boolean {
  return table.indexes.some(
    ({ unique, valid, keys }) =>
      unique &&
      valid &&
      keys.some(({ column, expression }) => (column ? column.name === name : expression.includes(name))),
  )
}

/** A unique counter stands beside it, of which the number is made. */
function isDerived({ indexes }: Table): boolean {
  return indexes.some(
    ({ unique, valid, keys }) =>
      unique && valid && keys.some(({ column }) => column && /sequen|serial|laufend|secuen/i.test(column.name)),
  )
}
