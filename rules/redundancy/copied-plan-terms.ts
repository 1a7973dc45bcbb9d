import {
  afterReview,
  type Catalog,
  type Column,
  holdsMoney,
  type Link,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  rolesOf,
  rule,
  statement,
  tablesSurelyIn,
  wordsOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.65,
  breaks: '3NF',
  docs: {
    summary: 'Say whether a copy of the plan is what was agreed, or only a copy.',
    why: 'A name or price that stands on the plan and on its subscriptions is either what was agreed then, and must not follow the plan, or a copy that must. Nothing tells which: a change of the plan is carried over by one developer and held back by the next.',
    bad: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, title text not null, monthly_price numeric(12, 2) not null, currency char(3) not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, plan_title text not null, status text not null check (status in ('trialing', 'active', 'canceled')), trial_end date);`,
    good: `create table customer (id bigint primary key, email text not null, billing_address text);
      create table plan (id bigint primary key, title text not null, monthly_price numeric(12, 2) not null, currency char(3) not null);
      create table subscription (id bigint primary key, customer_id bigint not null references customer, plan_id bigint not null references plan, plan_title text not null, status text not null check (status in ('trialing', 'active', 'canceled')), trial_end date);
      comment on column subscription.plan_title is 'As it was when the subscription was made.';`,
    unless: 'It is a snapshot; then let a comment say so.',
    references: ['https://www.postgresql.org/docs/current/sql-comment.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of tablesSurelyIn(catalog, 'subscription', 'subscription item')) {
      for (const link of rolesOf(catalog).linksFrom(table)) {
        if (!['plan', 'price'].includes(rolesOf(catalog).of(link.to)?.role ?? '')) continue
        for (const copy of table.columns) {
          const original = originalOf(copy, link, catalog)
          if (original)
            yield { on: copy, related: [original], facts: { original: original.address, plans: link.to.address } }
        }
      }
    }
  },

  message: ({ on, facts: { original } }) =>
    `${on} copies ${original}, and nothing says whether it is what was agreed or should follow the plan.`,

  advice: ({ on, facts: { original } }) =>
    `If bills rest on ${on.name} as it was when the customer agreed, say so in a comment, never update it, and do not index it by the plan. If it should follow ${original}, read it there by a join and drop the column.`,

  fix: ({ on, facts: { original } }) => {
    const column = `${quoteRelation(on.table)}.${quoteIdentifier(on.name)}`
    const before = on.comment === null ? 'null' : quoteLiteral(on.comment)
    const text = `${on.comment ? `${on.comment} ` : ''}As it was agreed: a snapshot of ${original.split('.').slice(-2).join('.')}, which must not follow it.`
    return afterReview(
      `Is ${on} what was agreed with the customer? Then the comment says so; if not, it should be read from ${original}, and the column dropped.`,
      [
        statement(`comment on column ${column} is ${quoteLiteral(text)}`, `comment on column ${column} is ${before}`, {
          lock: 'SHARE UPDATE EXCLUSIVE',
        }),
      ],
    )
  },
})

const SNAPSHOT =
  /snapshot|as (?:it was|of|at)|at the time|when (?:it|the|signed|agreed|created|bought|subscribed)|frozen|agreed|locked|copied (?:at|when|from)|immutable|historical|denormali[sz]ed|override|zum zeitpunkt|vereinbart|im moment|no momento|acordado|pactado|convenu/i

/** What of a plan bills and customers see; the rest is how it works. */
const TERM =
  /^(?:name|title|label|display name|description|interval|currency|bezeichnung|nom|nombre|nome|descricao|descripcion|beschreibung)$/

/** Words that say by themselves that it is no longer the plan's. */
const OWN =
  /^(?:snapshot|agreed|locked|original|override|custom|initial|signed|previous|frozen|effective|charged|billed|list|vereinbart|acordado|pactado)$/

/** The column of the plan that this one repeats: called after the plan and the column, of its type. */
function originalOf(copy: Column, { to, columns }: Link, catalog: Catalog): Column | null {
  if (columns.includes(copy) || copy.generated || copy.table.foreignKeys.some((key) => key.columns.includes(copy)))
    return null
  if (SNAPSHOT.test(copy.comment ?? '') || wordsOf(copy.name).some((word) => OWN.test(word))) return null
  const stems = [...wordsOf(to.name), ...columns.flatMap(({ name }) => wordsOf(name))].filter(
    (word) => !/^(?:id|uuid|key|subscription|billing)$/.test(word),
  )
  const words = wordsOf(copy.name)
  const rest = words.filter((word) => !stems.includes(word))
  if (rest.length === words.length || rest.length === 0) return null
  if (!TERM.test(rest.join(' ')) && holdsMoney(copy) !== 'yes') return null
  const found = to.columns.find(
    ({ name, type }) =>
      wordsOf(name)
        .filter((word) => !stems.includes(word))
        .join(' ') === rest.join(' ') && type.name === copy.type.name,
  )
  if (!found || to.primaryKey?.columns.includes(found)) return null
  // A key that is unique in the plan is another way to name it.
  return found.type.typcategory === 'B' || isReferenceByCode(found, catalog) ? null : found
}

function isReferenceByCode({ table, name }: Column, { tables }: Catalog): boolean {
  return (
    tables.includes(table) &&
    table.uniques.some(({ columns }) => columns.length === 1 && columns[0]?.name === name) &&
    /code|key|slug|sku/i.test(name)
  )
}
