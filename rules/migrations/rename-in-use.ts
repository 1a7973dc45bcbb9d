import { addressOf, alterationsOf, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Keep the old name of a table or column until no running code uses it.',
    why: 'While a release rolls out, instances of the old code go on asking for the old name and fail until the last one is replaced.',
    bad: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nalter table invoice rename column total to amount;',
    good: 'create table invoice (id bigint primary key, total numeric);\n-- migration\nalter table invoice rename to invoices;\ncreate view invoice as select * from invoices;',
    unless: 'Nothing runs while the migration does, or nothing has used the name yet.',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const statement of migrations.statements()) {
      for (const { before, after, changedColumns } of alterationsOf(statement)) {
        if (!before.kind.endsWith('table') || before.partitionOf !== null) continue
        const renamed = before.name !== after.name
        if (renamed && !isMadeAgain(statement.migration.text, before.name))
          yield {
            on: statement.about(before),
            facts: { object: addressOf(before), to: after.name },
            assessment: { tier: statement.basis },
          }
        for (const column of changedColumns) {
          if (column.before.name === column.after.name || isMadeAgain(statement.migration.text, column.before.name))
            continue
          yield {
            on: statement.about(before, [column.before.name]),
            facts: { object: `${addressOf(before)}.${column.before.name}`, to: column.after.name },
            assessment: { tier: statement.basis },
          }
        }
      }
    }
  },

  message: ({ facts: { object, to } }) =>
    `${object} becomes ${to}: code that runs while the release rolls out fails on the old name.`,

  advice: () =>
    'Add the new name beside the old one (a column kept equal by a trigger, a view under the old table name), switch the code, then take the old name away.',
})

/** Something of that name is created or added in the same migration. */
function isMadeAgain(text: string, name: string): boolean {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const makes =
    'create\\s+(?:or\\s+replace\\s+)?(?:view|table)\\s+(?:if\\s+not\\s+exists\\s+)?|add\\s+(?:column\\s+)?(?:if\\s+not\\s+exists\\s+)?|\\sto\\s+'
  return new RegExp(`(?:${makes})(?:"?\\w+"?\\.)?"?${quoted}"?(?=[\\s(;]|$)`, 'i').test(text)
}
