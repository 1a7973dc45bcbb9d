import {
  type Column,
  type Grounds,
  inclusionId,
  quoteIdentifier,
  quoteRelation,
  rule,
  witnessForeignKeys,
} from '../../src/kit.js'

export default rule({
  severity: 'error',
  complexity: 'medium',
  reveals: ['keys/missing-foreign-key'],
  docs: {
    summary: 'Find out what the rows pointed to, then mend or remove them, and let a foreign key refuse others.',
    why: 'They point to rows that are gone or never were: joins lose them silently, sums over them belong to nobody, and the foreign key that would have refused them cannot be added.',
    bad: `create table customer (id bigint primary key);
      create table invoice (id bigint primary key, customer_id bigint not null);
      insert into customer select n from generate_series(1, 100) as n;
      insert into invoice select n, n % 100 + 1 from generate_series(1, 400) as n;
      update invoice set customer_id = 4711 where id in (20, 30);`,
    good: `create table customer (id bigint primary key);
      create table invoice (id bigint primary key, customer_id bigint not null);
      insert into customer select n from generate_series(1, 100) as n;
      insert into invoice select n, n % 100 + 1 from generate_series(1, 400) as n;`,
    unless: 'The rows outlive what they point to on purpose, as in an archive.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    const unvalidated = [...catalog.foreignKeys()].flatMap((key) => {
      const fact = key.validated ? undefined : sample.inclusion(inclusionId(key.columns, key.referencedColumns))
      return fact ? [{ ...key, grounds: fact.grounds, declared: true }] : []
    })
    const inferred = witnessForeignKeys(catalog, sample).flatMap((key) =>
      key.alternatives.length === 0 ? [{ ...key, declared: false }] : [],
    )
    for (const { columns, referencedColumns, grounds, declared } of [...unvalidated, ...inferred]) {
      if (!grounds || grounds.violations === 0) continue
      const [column, ...rest] = columns as [Column, ...Column[]]
      const referenced = referencedColumns[0]!.table
      yield {
        on: column,
        related: [...rest, referenced],
        facts: {
          columns: columns.map(({ name }) => name),
          referenced: referenced.address,
          orphans: grounds.violations,
          of: grounds.support,
          what: unitOf(grounds),
          declared,
          keys: grounds.counterexamples.map(({ key }) => key),
          find: findSql(columns, referencedColumns),
        },
        grounds,
      }
    }
  },

  message: ({ on, facts: { columns, referenced, orphans, of, what, declared, keys } }) => {
    const shown = keys.map((key) => Object.values(key).join(' → ')).join(', ')
    const examples = shown
      ? `: ${Object.keys(keys[0] ?? {}).join(' → ')} ${shown}${orphans > keys.length ? ' …' : ''}`
      : ''
    return `${orphans} of ${of} ${what} of ${columns.length > 1 ? `${on.table} (${columns.join(', ')})` : on} ${orphans === 1 ? 'is' : 'are'} no row of ${referenced}${declared ? ', though a foreign key that was never validated says so' : ''}${examples}.`
  },

  advice: ({ facts: { find } }) =>
    `Look at the rows: ${find}. Mend, empty or remove them; then validate or add the foreign key.`,
})

/** Of all rows rows were counted, of a sample its different values. */
function unitOf({ tier }: Grounds): string {
  return tier === 'verified' ? 'rows' : 'sampled values'
}

function findSql(columns: readonly Column[], keys: readonly Column[]): string {
  const names = columns.map(({ name }) => quoteIdentifier(name))
  const match = names.map((name, at) => `r.${quoteIdentifier(keys[at]!.name)} = t.${name}`).join(' and ')
  const filled = names.map((name) => `t.${name} is not null`).join(' and ')
  return `select * from ${quoteRelation(columns[0]!.table)} as t where ${filled} and not exists (select from ${quoteRelation(keys[0]!.table)} as r where ${match})`
}
