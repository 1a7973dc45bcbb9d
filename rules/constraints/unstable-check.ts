import { type Catalog, expressionOf, motionOf, outsideReadsOf, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let a CHECK depend on its own row alone.',
    why: 'A CHECK is looked at when the row is written, never again. What depends on the clock, the session or another table is true today and false tomorrow: the next update of an old row fails, and so does restoring a backup.',
    bad: 'create table coupon (id bigint primary key, expires_on date not null check (expires_on > current_date));',
    good: 'create table coupon (id bigint primary key, issued_on date not null check (issued_on <= current_date), expires_on date not null, check (expires_on > issued_on));',
    unless: 'Rows are never updated, and a backup is never restored.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const check of table.checks) {
        if (check.inherited || !check.enforced) continue
        const expression = expressionOf(check)
        const reads = outsideReadsOf(expression, (name) => tablesReadBy(name, catalog))
        const clock = motionOf(expression) === 'may turn false'
        if (!clock && reads.length === 0) continue
        yield { on: check, facts: { expression: check.expression, clock, reads } }
      }
    }
  },

  message: ({ on, facts: { expression, clock, reads } }) =>
    clock
      ? `${on} becomes false as time passes: ${expression}.`
      : `${on} depends on ${reads.join(', ')}: ${expression}.`,

  advice: ({ facts: { clock, reads } }) => {
    if (clock)
      return 'Compare with a time that is stored in the row, such as when it was created, or ask in a BEFORE INSERT trigger.'
    return reads.some((name) => name.includes('.'))
      ? 'Say it with a foreign key, an exclusion constraint or a trigger on all tables that take part.'
      : 'Let a default or a BEFORE trigger write the value, and row security refuse another one: a backup is restored in another session.'
  },
})

/** Tables that a function of this database reads, by their addresses. */
function tablesReadBy(name: string, catalog: Catalog): readonly string[] {
  const routine = catalog.functions.find(({ schema, name: own }) => name === `${schema.name}.${own}` || name === own)
  const body = (routine?.source || routine?.definition || '').replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, '')
  const named = [...body.matchAll(/\b(?:from|join)\s+(?:only\s+)?((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)/gi)]
  const names = new Set(named.map(([, found = '']) => found.replaceAll('"', '').toLowerCase()))
  return catalog.tables
    .filter(({ address, name: own }) => names.has(address.toLowerCase()) || names.has(own.toLowerCase()))
    .map(({ address }) => address)
}
