import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { type ElementCheck, type ElementColumn, putTogether } from './element-columns.js'

/** A column that holds a list, and how the list becomes rows of a table and these a list again. */
export interface ListColumn {
  readonly column: Column
  /** Words of the parent's name, in the singular, for the names of the child's columns. */
  readonly owner: string
  /** Name of the child table. */
  readonly child: string
  /** The element's column in the child; with `columns` it takes what these leave of a JSON object. */
  readonly element: { readonly name: string; readonly type: string }
  /** A set of elements in SQL, one column, in order, for a value of the column. */
  readonly explode: (value: string) => string
  /** The list in SQL again: an aggregate over elements in the order of a number. */
  readonly collect: (element: string, order: string) => string
  /** The empty list in SQL. */
  readonly empty: string
  /** The key that each element is meant to be. */
  readonly references?: Column
  /** A condition in SQL that holds for a value that is no such list. */
  readonly unfit: (value: string) => string
  /** Keys of elements of `jsonb` that become columns. Elements that do not fit them go to a table of rejects, each with the reason. */
  readonly columns?: readonly ElementColumn[]
  /** What must hold of every row of the child. */
  readonly checks?: readonly ElementCheck[]
}

/** A list with the names of all that is made for it; quoted unless it says otherwise. */
export interface Child extends ListColumn {
  readonly table: Table
  readonly key: readonly Column[]
  /** The parent's key in the child. */
  readonly parents: readonly string[]
  readonly parent: string
  /** The column. */
  readonly name: string
  readonly childTable: string
  /** Unquoted. */
  readonly childName: string
  readonly number: string
  readonly value: string
  readonly forward: string
  readonly backward: string
  readonly trigger: string
  /** Columns that keys become, under names that are free. */
  readonly typed: readonly ElementColumn[]
  /** What takes elements apart, and where those go that do not fit; null without such columns. */
  readonly sorting: { readonly takeApart: string; readonly rejects: string; readonly rejectsName: string } | null
}

/** Names everything. */
export function nameChild(list: ListColumn, key: readonly Column[], catalog: Catalog): Child {
  const { column, owner, child, element, columns = [] } = list
  const { table } = column
  const { schema } = table
  const relations = new Set(
    [...catalog.tables, ...catalog.views].filter((one) => one.schema === schema).map((one) => one.name),
  )
  const functions = new Set(catalog.functions.filter((one) => one.schema === schema).map((one) => one.name))
  let childName = child
  for (let number = 1; relations.has(childName); number++) childName = `${child}${number}`
  const parents = key.map((part) => (part.name.startsWith(`${owner}_`) ? part.name : `${owner}_${part.name}`))
  const taken = new Set([...parents, NUMBER])
  const free = (name: string): string => {
    const unused = taken.has(name) ? newName([name], 'of_element', taken) : name
    taken.add(unused)
    return unused
  }
  const typed = columns.map((one) => ({ ...one, name: free(one.name) }))
  const renamed = new Map(columns.map(({ name }, at) => [name, typed[at]?.name ?? name]))
  const qualified = (suffix: string) =>
    quoteRelation({ schema, name: newName([table.name, column.name], suffix, functions) })
  const rejectsName = newName([childName], 'rejects', relations)
  return {
    ...list,
    checks: (list.checks ?? []).map(({ columns: read, condition }) => ({
      columns: read.map((name) => renamed.get(name) ?? name),
      condition: (of) => condition((name) => of(renamed.get(name) ?? name)),
    })),
    table,
    key,
    parents: parents.map(quoteIdentifier),
    parent: quoteRelation(table),
    name: quoteIdentifier(column.name),
    childTable: quoteRelation({ schema, name: childName }),
    childName,
    number: NUMBER,
    value: quoteIdentifier(free(element.name)),
    forward: qualified('to_rows'),
    backward: qualified('to_list'),
    trigger: quoteIdentifier(newName([childName], 'dual_write')),
    typed,
    sorting:
      columns.length === 0
        ? null
        : { takeApart: qualified('take_apart'), rejects: quoteRelation({ schema, name: rejectsName }), rejectsName },
  }
}

const NUMBER = 'line_no'

/** The tables that hold the elements: the child, and the rejects where there are any. */
export function tablesOf({ childTable, childName, sorting }: Child): readonly { table: string; name: string }[] {
  return [
    { table: childTable, name: childName },
    ...(sorting ? [{ table: sorting.rejects, name: sorting.rejectsName }] : []),
  ]
}

/** `c.invoice_id = p.id and …` */
export function joined({ key, parents }: Child, parent: string, child: string): string {
  return key.map((part, at) => `${child}.${parents[at]} = ${parent}.${quoteIdentifier(part.name)}`).join(' and ')
}

/** The elements of a list, in a FROM clause: `e (element, number)`, and `v` with what they are taken apart into. */
export function elementsOf({ explode, sorting, typed }: Child, list: string): string {
  const elements = `${explode(list)} with ordinality as e (element, number)`
  if (!sorting) return elements
  return `${elements} cross join lateral ${sorting.takeApart}(e.element) as v (${[...typed.map((_, at) => `v${at}`), 'rest', 'reason'].join(', ')})`
}

/** Inserts the rows of a parent's list; `first` is a query that `from` reads, `ending` what follows each insert. */
export function insertRows(
  child: Child,
  from: string,
  row: string,
  { first, ending = '' }: { readonly first?: string; readonly ending?: string } = {},
): string {
  const { key, parents, childTable, number, value, name, typed, sorting } = child
  const keys = key.map((part) => `${row}.${quoteIdentifier(part.name)}`)
  const into = [...parents, number]
  const elements = `from ${from}${elementsOf(child, `${row}.${name}`)}`
  const queries = first === undefined ? [] : [first]
  const insert = (table: string, columns: readonly string[], select: string) =>
    `insert into ${table} (${[...into, ...columns].join(', ')}) select ${select}${ending}`
  if (!sorting) {
    const rows = insert(childTable, [value], `${[...keys, 'e.number', 'e.element'].join(', ')} ${elements}`)
    return queries.length === 0 ? rows : `with ${queries.join(', ')} ${rows}`
  }
  const named = [...keys, 'e.number'].map((one, at) => `${one} as k${at}`)
  const sorted = `sorted as materialized (select ${[...named, 'e.element', 'v.*'].join(', ')} ${elements})`
  const select = (values: readonly string[], where: string) =>
    `${[...into.map((_, at) => `k${at}`), ...values].join(', ')} from sorted where ${where}`
  const rejected = insert(sorting.rejects, ['element', 'reason'], select(['element', 'reason'], 'reason is not null'))
  const columns = [...typed.map((column) => quoteIdentifier(column.name)), value]
  const rows = insert(childTable, columns, select([...typed.map((_, at) => `v${at}`), 'rest'], 'reason is null'))
  return `with ${[...queries, sorted, `rejected as (${rejected})`].join(', ')} ${rows}`
}

/** Every element of a child, and of its rejects, again as it stood in the list: `c` with the parent's key, the number and `element`. */
function elementsAgain({ childTable, parents, number, value, typed, sorting }: Child): string {
  const keys = [...parents, number].join(', ')
  if (!sorting) return `(select ${keys}, ${value} as element from ${childTable}) as c`
  const whole = putTogether(typed, quoteIdentifier, value)
  return `(select ${keys}, ${whole} as element from ${childTable} union all select ${keys}, element from ${sorting.rejects}) as c`
}

/** The list of one parent, made from its rows. */
export function collected(child: Child, parent: string): string {
  const { collect, number, empty } = child
  return `select coalesce(${collect('c.element', `c.${number}`)}, ${empty}) from ${elementsAgain(child)} where ${joined(child, parent, 'c')}`
}

/** A condition that holds where the rows are not those of the list. */
export function differs(child: Child, parent: string): string {
  const { childTable, number, value, name, typed, sorting } = child
  const list = elementsOf(child, `${parent}.${name}`)
  const ofParent = `as c where ${joined(child, parent, 'c')}`
  if (!sorting)
    return `(select coalesce(array_agg(e.element order by e.number), '{}') from ${list}) is distinct from (select coalesce(array_agg(c.${value} order by c.${number}), '{}') from ${childTable} ${ofParent})`
  const rows = (number: string, values: readonly string[]) =>
    `jsonb_agg(jsonb_build_array(${[number, ...values].join(', ')}) order by ${number})`
  const columns = [...typed.map((column) => quoteIdentifier(column.name)), value]
  const apart = [...typed.map((_, at) => `v.v${at}`), 'v.rest']
  const ofRows = `select ${rows(
    `c.${number}`,
    columns.map((column) => `c.${column}`),
  )} from ${childTable} ${ofParent}`
  const ofRejects = `select ${rows(`c.${number}`, ['c.element'])} from ${sorting.rejects} ${ofParent}`
  return [
    `(select ${rows('e.number', apart)} from ${list} where v.reason is null) is distinct from (${ofRows})`,
    `(select ${rows('e.number', ['e.element'])} from ${list} where v.reason is not null) is distinct from (${ofRejects})`,
  ].join(' or ')
}
