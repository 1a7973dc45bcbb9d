import { beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { bindQuery } from '../../src/evidence/workload/bind.js'
import type { Operand, Relation } from '../../src/evidence/workload/bound.js'
import { castsColumn, typeOf } from '../../src/evidence/workload/expression-type.js'
import { multipliersOf, returnsOneRow } from '../../src/evidence/workload/keys.js'
import { parseQuery } from '../../src/evidence/workload/parse-query.js'
import { startScratch, withSchema } from '../scratch.js'

let catalog: Catalog
beforeAll(async () => {
  const server = await startScratch()
  catalog = await withSchema(
    server,
    `create table customer (id int primary key, email text unique, name text, score float8, region char(2));
     create table invoice (id int primary key, customer_id int references customer, total numeric, issued date, made timestamptz);
     create table line (invoice_id int references invoice, place int, amount numeric, primary key (invoice_id, place));
     create table payment (id int primary key, invoice_id int references invoice, amount numeric);
     create view open_invoice as select id, total from invoice;
     create function full_name(customer) returns text language sql as 'select $1.name'`,
    (made) => made,
  )
  await server.close()
})

function bind(sql: string) {
  const parsed = parseQuery(sql)
  if (typeof parsed !== 'object' || !parsed) throw new Error(String(parsed))
  return bindQuery(parsed.tree, catalog)
}

function describeOperand({ kind, reference, references }: Operand): string {
  if (reference) return `${reference.relation.alias}.${reference.name}`
  return references.length > 0 ? `${kind}(${references.map(({ name }) => name).join()})` : kind
}

function predicatesOf(sql: string): readonly string[] {
  return bind(sql).blocks.flatMap(({ predicates }) =>
    predicates.map(({ clause, operator, negated, left, right, alternative }) =>
      [
        clause,
        alternative ? 'or' : '',
        describeOperand(left),
        negated ? 'not' : '',
        operator,
        right ? describeOperand(right) : '',
      ]
        .filter(Boolean)
        .join(' '),
    ),
  )
}

const aliases = (relations: readonly Relation[]) => relations.map(({ alias }) => alias)

describe('predicates', () => {
  it.each([
    [
      'select 1 from invoice i join customer c on c.id = i.customer_id where lower(c.email) = $1',
      ['on c.id = i.customer_id', 'where expression(email) = value'],
    ],
    ['select 1 from invoice join line l using (invoice_id)', []],
    [
      'select 1 from payment p join line l using (invoice_id) where not (p.amount > 5 or l.place = 1)',
      ['on p.invoice_id = l.invoice_id', 'where p.amount not > value', 'where l.place not = value'],
    ],
    [
      'select 1 from customer where email = $1 or (name like $2 and id in (1, 2))',
      ['where or customer.email = value', 'where or customer.name like value', 'where or customer.id in value'],
    ],
    [
      'select 1 from customer where id not in (select customer_id from invoice) and not exists (select from line where line.place = customer.id)',
      ['where customer.id not in subquery subquery', 'where subquery(id) not exists', 'where line.place = value'],
    ],
    [
      'select 1 from invoice where issued not between $1 and $2 and total is not null and made <> all ($3)',
      ['where invoice.issued not between value', 'where invoice.total not is null', 'where invoice.made not any value'],
    ],
    [
      'select customer_id from invoice group by customer_id having sum(total) > 5',
      ['having expression(total) > value'],
    ],
    [
      'select 1 from line natural join payment',
      ['on line.invoice_id = payment.invoice_id', 'on line.amount = payment.amount'],
    ],
  ])('are read from %s', (sql, expected) => {
    expect(predicatesOf(sql)).toEqual(expected)
  })
})

describe('blocks', () => {
  it('tell CTEs, subqueries and arms apart, with what they take from outside', () => {
    const { blocks } = bind(
      `with recent as materialized (select id, customer_id as owner from invoice)
       select name, (select count(*) from recent r where r.owner = c.id) from customer c
       union all select name, 1 from (select name from customer where exists (select from line where place = 1)) f`,
    )
    expect(
      blocks.map(({ place, name, parent, materialized, outer, setOperation, sublink }) =>
        [place, name, parent?.place, materialized, setOperation, sublink?.clause, outer.map((one) => one.name).join()]
          .filter((part) => part !== null && part !== undefined && part !== '')
          .join(' '),
      ),
    ).toEqual([
      'statement union all',
      'cte recent statement true',
      'arm statement',
      'expression arm target id',
      'arm statement',
      'from f arm',
      'expression from where',
    ])
  })

  it('follow a column through subqueries and CTEs to its table', () => {
    const bound = bind(
      'with i as (select id as number, total * 2 as twice from invoice) select x.number, x.twice from (select * from i) x',
    )
    const [outer] = bound.blocks
    expect(outer?.references.map((reference) => bound.origin(reference)?.address ?? null)).toEqual([
      'public.invoice.id',
      null,
    ])
  })

  it('know joins, nullable sides, order, limit and what is changed', () => {
    const { root } = bind(
      'select c.name as n, i.total from customer c left join invoice i on i.customer_id = c.id, line order by n desc, 2, c.id nulls first limit 5 offset 10 for update',
    )
    expect(root.joins.map(({ kind, left, right }) => [kind, aliases(left), aliases(right)])).toEqual([
      ['left', ['c'], ['i']],
    ])
    expect(root.relations.map(({ alias, nullable }) => [alias, nullable])).toEqual([
      ['c', false],
      ['i', true],
      ['line', false],
    ])
    expect(root.orderBy.map(({ descending, nulls }) => [descending, nulls])).toEqual([
      [true, 'first'],
      [false, 'last'],
      [false, 'first'],
    ])
    expect([root.locks, root.limit !== null, root.offset !== null]).toEqual([true, true, true])
    const upsert = bind(
      'insert into customer (id) values (1) on conflict (id) do update set name = excluded.name where customer.score > 1 returning email',
    )
    expect(upsert.root.target?.table?.name).toBe('customer')
    expect(upsert.unresolved).toEqual([])
    expect(bind('delete from line using invoice i where i.id = line.invoice_id').root.predicates[0]?.operator).toBe('=')
  })
})

describe('names that are not there', () => {
  it.each([
    ['select c.nam from customer c', ['column nam of c']],
    ['select nam from customer', ['column nam']],
    ['select 1 from customers', ['relation customers']],
    ['select 1 from open_invoice where issued = $1', ['column issued']],
    ['select x.b from (select id as a from customer) x', ['column b of x']],
    [
      'insert into customer (id) values (1) on conflict (id) do update set name = excluded.nam',
      ['column nam of excluded'],
    ],
    // All of these are right.
    ['select c.full_name, c.ctid, c from customer c', []],
    ['select f.x, y from json_to_record($1) as f (x int, y text)', []],
    ['with recursive t as (select id from customer union all select t.id + 1 from t) select id from t', []],
    ['select relname from pg_class', []],
    ['select t.a from (values (1, 2)) t (a, b)', []],
    ['with f as (select (g).* from some_function($1) g) select anything from f', []],
    ['select id as n from customer group by n order by n', []],
    ['select max(total) as most from invoice order by most', []],
    ['select name from customer union select name from customer order by name', []],
    ['select l.* from customer c, lateral (select * from invoice i where i.customer_id = c.id) l', []],
  ])('are found in %s', (sql, expected) => {
    expect(
      bind(sql).unresolved.map(
        ({ kind, name, relation }) => `${kind} ${name}${relation ? ` of ${relation.alias}` : ''}`,
      ),
    ).toEqual(expected)
  })
})

describe('rows that a join multiplies', () => {
  it.each([
    ['select 1 from invoice i join customer c on c.id = i.customer_id', []],
    ['select 1 from invoice i join line l on l.invoice_id = i.id', ['l']],
    ['select 1 from invoice i join line l on l.invoice_id = i.id and l.place = 1', []],
    ['select 1 from invoice i, customer c where c.email = $1', []],
    [
      'select 1 from invoice i join (select invoice_id, sum(amount) from line group by invoice_id) l on l.invoice_id = i.id',
      [],
    ],
    [
      'select 1 from invoice i join (select invoice_id, sum(amount) from line group by 1, place) l on l.invoice_id = i.id',
      ['l'],
    ],
    ['select 1 from invoice i left join lateral (select * from line where invoice_id = i.id limit 1) l on true', []],
    [
      'with l as (select invoice_id from line where place = 1) select 1 from invoice i join l on l.invoice_id = i.id',
      ['l'],
    ],
    ['select 1 from invoice i join payment p on p.invoice_id = i.id or p.id = 1', ['p']],
  ])('are told in %s', (sql, expected) => {
    expect(aliases(multipliersOf(bind(sql).root.relations[0]!))).toEqual(expected)
  })

  it('are none where a key is given', () => {
    expect(
      returnsOneRow(bind('select 1 from invoice i join customer c on c.id = i.customer_id where i.id = $1').root),
    ).toBe(true)
    expect(returnsOneRow(bind('select 1 from invoice i join line l on l.invoice_id = i.id where i.id = $1').root)).toBe(
      false,
    )
    expect(returnsOneRow(bind('select count(*) from line').root)).toBe(true)
  })
})

it.each([
  ['id = 1.5', true],
  ['id = $1', false],
  ['id = 5000000000', false],
  ['total = score', true],
  ['region = lower($1)', true],
  ["region = 'DE'", false],
  ['issued >= now()', false],
  ['total = $1::float8 * 2', true],
])('knows whether %s casts the column', (condition, expected) => {
  const bound = bind(`select 1 from customer c join invoice i using (id) where ${condition.replace(/^id/, 'i.id')}`)
  const { left, right } = bound.root.predicates.at(-1)!
  const types = [typeOf(left.tree, bound), typeOf(right?.tree, bound)]
  expect(castsColumn(types[0]!, types[1]!)).toBe(expected)
})
