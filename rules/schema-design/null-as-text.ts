import { quoteIdentifier, quoteRelation, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let a missing value be null, not the text «NULL».',
    why: `The default is a word of four letters: IS NULL does not find it, NOT NULL lets it pass, and it is printed on invoices.`,
    bad: `create table customer (id bigint primary key, vat_number text default 'NULL');`,
    good: `create table customer (id bigint primary key, vat_number text default null);`,
    references: ['https://www.postgresql.org/docs/current/ddl-default.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const column of table.columns) {
        if (column.inherited || column.generated) continue
        const [, text] =
          column.default?.match(/^'(\(?null\)?|undefined)'::(?:text|character varying|bpchar|citext)$/i) ?? []
        if (text !== undefined) yield { on: column, facts: { text } }
      }
    }
  },

  message: ({ on, facts: { text } }) => `${on} defaults to the text '${text}', which is a value.`,

  advice: ({ on, facts: { text } }) =>
    `Drop the default, and set ${on.name} to null where it is '${text}' already${on.notNull ? '; it is NOT NULL, so decide first what a row without a value means' : ''}.`,

  fix: ({ on }) => {
    if (on.notNull) return []
    const alter = `alter table ${quoteRelation(on.table)} alter column ${quoteIdentifier(on.name)}`
    return [
      statement(`${alter} drop default`, `${alter} set default ${on.default}`, {
        phase: 'switch',
        lock: 'ACCESS EXCLUSIVE',
      }),
    ]
  },
})
