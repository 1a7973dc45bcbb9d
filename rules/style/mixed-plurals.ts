import { rule, wordsOf } from '../../src/kit.js'

/** A schema of fewer tables, or one that agrees less, has no habit to break. */
const FEWEST_TABLES = 8
const MAJORITY = 0.8

/** Words whose last letters do not tell. */
const UNTOLD =
  /(?:data|info|metadata|history|status|address|access|process|progress|series|news|analysis|basis|bus|business|settings|stats|statistics|analytics|logs?|s3|sms|dns|aws|class|pass|alias|canvas|atlas|bias|lens|species|means)$/i

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Name tables all in the singular or all in the plural.',
    why: 'Where most tables are named in one number, the others are those that people misspell.',
    bad: 'create table invoices (id bigint primary key); create table payments (id bigint primary key); create table refunds (id bigint primary key); create table plans (id bigint primary key); create table coupons (id bigint primary key); create table orders (id bigint primary key); create table products (id bigint primary key); create table customer (id bigint primary key);',
    good: 'create table invoices (id bigint primary key); create table payments (id bigint primary key); create table refunds (id bigint primary key); create table plans (id bigint primary key); create table coupons (id bigint primary key); create table orders (id bigint primary key); create table products (id bigint primary key); create table customers (id bigint primary key);',
    references: [],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const schema of catalog.schemas) {
      const tables = catalog.tables
        .filter((table) => table.schema === schema && !table.partitionOf && table.variety !== 'foreign')
        .flatMap((table) => {
          const plural = isPlural(table.name)
          return plural === null ? [] : [{ table, plural }]
        })
      const plurals = tables.filter(({ plural }) => plural).length
      const usual = plurals * 2 > tables.length
      const share = (usual ? plurals : tables.length - plurals) / tables.length
      if (tables.length < FEWEST_TABLES || share < MAJORITY) continue
      for (const { table, plural } of tables)
        if (plural !== usual)
          yield { on: table, facts: { usual: usual ? 'plural' : 'singular', share: Math.round(100 * share) } }
    }
  },

  message: ({ on, facts: { usual, share } }) =>
    `${on} is not in the ${usual}, as ${share} % of the schema's tables are.`,
})

/** Null where the name does not tell. */
function isPlural(name: string): boolean | null {
  const last = name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .split(/[^\p{L}]+/u)
    .filter(Boolean)
    .at(-1)
    ?.toLowerCase()
  if (!last || last.length < 4 || UNTOLD.test(last)) return null
  if (/^(?:people|children|men|women|criteria)$/.test(last)) return true
  return (wordsOf(last).at(-1) ?? last) !== last && last.endsWith('s')
}
