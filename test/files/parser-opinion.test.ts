import fc from 'fast-check'
import { type Expr, type Name, parse, type QName, type Statement } from 'pgsql-ast-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, nodeAt, nodesIn, parseStatement, type ParseNode, stringsIn } from '../../src/source/files/parse.js'

beforeAll(() => loadParser())

/** Quoted names hold what would mean something outside of quotes; blanks at their ends the second parser loses. */
const quoted = fc
  .stringMatching(/^[A-Za-z .,;()'$é表-]{1,12}$/)
  .filter((name) => name.trim() === name)
  .map((name) => `"${name}"`)
const identifier = fc.oneof(
  fc.stringMatching(/^[a-z]_[a-z0-9_]{0,10}$/),
  fc.stringMatching(/^[A-Z]_[A-Za-z0-9]{0,10}$/),
  quoted,
)
const table = fc.oneof(
  identifier,
  fc.tuple(identifier, identifier).map(([schema, name]) => `${schema}.${name}`),
)
const number = fc.oneof(
  fc.nat(1_000_000).map(String),
  fc.tuple(fc.nat(999), fc.stringMatching(/^[0-9]{1,6}$/)).map(([whole, part]) => `${whole}.${part}`),
)
const columns = fc.uniqueArray(identifier, { minLength: 1, maxLength: 4 })
const list = (names: readonly string[]) => names.join(', ')

const reference = fc
  .record({
    to: table,
    onDelete: fc.constantFrom('', ' on delete cascade', ' on delete set null', ' on delete restrict'),
    onUpdate: fc.constantFrom('', ' on update cascade', ' on update set default'),
  })
  .map(
    ({ to, onDelete, onUpdate }) =>
      (keys: readonly string[]) =>
        `references ${to} (${list(keys)})${onDelete}${onUpdate}`,
  )

const comparison = fc.record({ operator: fc.constantFrom('<', '>', '=', '<=', '>=', '<>'), value: number })

const column = fc
  .record({
    name: identifier,
    type: fc.constantFrom(
      'integer',
      'bigint',
      'text',
      'boolean',
      'date',
      'uuid',
      'jsonb',
      'numeric(12, 2)',
      'varchar(20)',
      'timestamptz',
      'text[]',
    ),
    constraint: fc.oneof(
      fc.constantFrom('', ' not null', ' null', ' primary key', ' not null unique'),
      number.map((value) => ` default ${value}`),
      fc.tuple(identifier, reference).map(([key, refer]) => ` ${refer([key])}`),
      fc
        .tuple(identifier, comparison)
        .map(([other, { operator, value }]) => ` check (${other} ${operator} ${value} and ${other} is not null)`),
    ),
  })
  .map(({ name, type, constraint }) => `${name} ${type}${constraint}`)

const tableConstraint = fc
  .tuple(
    fc.option(identifier),
    fc.oneof(
      columns.map((keys) => `primary key (${list(keys)})`),
      columns.map((keys) => `unique (${list(keys)})`),
      fc.tuple(columns, reference).map(([keys, refer]) => `foreign key (${list(keys)}) ${refer(keys)}`),
      fc
        .tuple(identifier, identifier, comparison)
        .map(([a, b, { operator, value }]) => `check (${a} ${operator} ${value} or ${a} + ${value} < ${b})`),
    ),
  )
  .map(([name, definition]) => (name === null ? definition : `constraint ${name} ${definition}`))

const statement = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', 'if not exists '),
      table,
      fc.array(column, { minLength: 1, maxLength: 5 }),
      fc.array(tableConstraint, { maxLength: 3 }),
    )
    .map(([guard, name, own, more]) => `create table ${guard}${name} (${[...own, ...more].join(', ')})`),
  fc
    .tuple(fc.boolean(), identifier, table, fc.constantFrom('', 'using btree ', 'using hash '), columns)
    .map(
      ([unique, name, on, method, keys]) =>
        `create ${unique ? 'unique ' : ''}index ${name} on ${on} ${method}(${keys.map((key, at) => `${key}${at === 1 ? ' desc' : ''}`).join(', ')})`,
    ),
  fc
    .tuple(table, columns, fc.array(number, { minLength: 1, maxLength: 3 }))
    .map(
      ([into, keys, values]) =>
        `insert into ${into} (${list(keys)}) values ${values.map((value) => `(${keys.map(() => value).join(', ')})`).join(', ')}`,
    ),
  fc
    .tuple(
      table,
      fc.uniqueArray(fc.tuple(fc.constantFrom('join', 'left join', 'right join', 'full join'), table), {
        maxLength: 3,
      }),
      columns,
      comparison,
    )
    .map(([from, joins, keys, { operator, value }]) => {
      const joined = joins.map(
        ([kind, other], at) => ` ${kind} ${other} as a${at} on a${at}.${keys[0]} = a.${keys[at % keys.length]}`,
      )
      return `select ${keys.map((key) => `a.${key}`).join(', ')}, count(*) from ${from} as a${joined.join('')} where a.${keys[0]} ${operator} ${value} and ${keys.at(-1)} is not null`
    }),
)

describe('a second parser', () => {
  it('says the same of tables, columns, keys, references and checks', () => {
    fc.assert(
      fc.property(statement, (sql) => {
        const parsed = parseStatement(sql)
        expect(parsed, sql).not.toBeNull()
        const [second, ...more] = parse(sql)
        expect(more).toEqual([])
        expect(readNode(parsed!.name, parsed!.node)).toEqual(readStatement(second!))
      }),
      { numRuns: 1500 },
    )
  })

  it('turns numbers into floating point; here they stay as they were written', () => {
    fc.assert(
      fc.property(number, (written) => {
        const { node } = parseStatement(`select ${written}`)!
        const [[, target] = ['', {}]] = nodesIn(node['targetList'])
        const constant = nodeAt(target, 'val', 'A_Const')
        const read = nodeAt(constant, 'fval', 'fval') ?? nodeAt(constant, 'ival', 'ival') ?? 0
        expect(String(read)).toBe(written)
      }),
    )
    expect(JSON.stringify(parse('select 1.50'))).toContain('"value":1.5')
  })
})

/** What a statement says, in words that both parsers have. */
interface Said {
  readonly kind: string
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly constraints: readonly string[]
}

const show = (...parts: readonly unknown[]) => JSON.stringify(parts)
const sorted = (parts: Iterable<string>) => [...parts].toSorted()

function readNode(kind: string, node: ParseNode): Said {
  const relation = (value: unknown) =>
    show(nodeAt(value, 'schemaname') ?? null, nodeAt(value, 'relname'), nodeAt(value, 'alias', 'aliasname') ?? null)
  const constraint = (at: ParseNode, own: readonly string[] | null) => {
    const name = at['conname'] ?? null
    const refers = () => [
      own ?? stringsIn(at['fk_attrs']),
      relation(at['pktable']),
      stringsIn(at['pk_attrs']),
      ACTIONS[String(at['fk_del_action'])],
      ACTIONS[String(at['fk_upd_action'])],
    ]
    switch (at['contype']) {
      case 'CONSTR_PRIMARY':
        return [show('primary key', name, own ?? stringsIn(at['keys']))]
      case 'CONSTR_UNIQUE':
        return [show('unique', name, own ?? stringsIn(at['keys']))]
      case 'CONSTR_FOREIGN':
        return [show('reference', name, ...refers())]
      case 'CONSTR_CHECK':
        return [show('check', name, sorted(columnsIn(at['raw_expr'])))]
      case 'CONSTR_NOTNULL':
        return [show('not null', name, own)]
      case 'CONSTR_DEFAULT':
        return [show('default', name, own)]
      default:
        return []
    }
  }
  switch (kind) {
    case 'CreateStmt': {
      const elements = nodesIn(node['tableElts'])
      const own = elements.flatMap(([name, element]) => (name === 'ColumnDef' ? [element] : []))
      return {
        kind: 'create table',
        tables: [relation(node['relation'])],
        columns: own.map((element) =>
          show(
            element['colname'],
            nodesIn(nodeAt(element, 'typeName', 'typmods')).map(([, modifier]) =>
              String(nodeAt(modifier, 'ival', 'ival')),
            ),
            nodeAt(element, 'typeName', 'arrayBounds') !== undefined,
          ),
        ),
        constraints: sorted([
          ...own.flatMap((element) =>
            nodesIn(element['constraints']).flatMap(([, at]) => constraint(at, [String(element['colname'])])),
          ),
          ...elements.flatMap(([name, element]) => (name === 'Constraint' ? constraint(element, null) : [])),
        ]),
      }
    }
    case 'IndexStmt':
      return {
        kind: node['unique'] === true ? 'create unique index' : 'create index',
        tables: [show(node['idxname']), relation(node['relation'])],
        columns: nodesIn(node['indexParams']).map(([, key]) => show(key['name'], key['ordering'] === 'SORTBY_DESC')),
        constraints: [],
      }
    case 'InsertStmt':
      return {
        kind: 'insert',
        tables: [relation(node['relation'])],
        columns: nodesIn(node['cols']).map(([, target]) => show(target['name'])),
        constraints: nodesIn(nodeAt(node, 'selectStmt', 'SelectStmt', 'valuesLists')).map(([, row]) =>
          show(nodesIn(row['items']).length),
        ),
      }
    default: {
      const tables: string[] = []
      const joins: string[] = []
      const visit = (name: string, item: ParseNode) => {
        if (name === 'RangeVar') return void tables.push(relation(item))
        for (const side of ['larg', 'rarg']) for (const [kindOf, inner] of nodesIn([item[side]])) visit(kindOf, inner)
        joins.push(show(String(item['jointype']).slice('JOIN_'.length)))
      }
      for (const [name, item] of nodesIn(node['fromClause'])) visit(name, item)
      return { kind: 'select', tables, columns: sorted(columnsIn(node)), constraints: joins }
    }
  }
}

const ACTIONS: Readonly<Record<string, string>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function columnsIn(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return []
  const fields = nodeAt(node, 'ColumnRef', 'fields')
  if (fields !== undefined) return [show(...stringsIn(fields))]
  return Object.values(node).flatMap(columnsIn)
}

function readStatement(statement: Statement): Said {
  const relation = ({ schema, name, alias }: QName & { alias?: string }) => show(schema ?? null, name, alias ?? null)
  const names = (list: readonly Name[] = []) => list.map(({ name }) => name)
  switch (statement.type) {
    case 'create table': {
      const own = statement.columns.flatMap((item) => (item.kind === 'column' ? [item] : []))
      const all = [
        ...own.flatMap(({ name, constraints = [] }) => constraints.map((at) => ({ at, own: [name.name] }))),
        ...(statement.constraints ?? []).map((at) => ({ at, own: null })),
      ]
      return {
        kind: 'create table',
        tables: [relation(statement.name)],
        columns: own.map(({ name, dataType }) =>
          show(name.name, 'config' in dataType ? (dataType.config ?? []).map(String) : [], dataType.kind === 'array'),
        ),
        constraints: sorted(
          all.flatMap(({ at, own: column }) => {
            const name = at.constraintName?.name ?? null
            const keys = column ?? ('columns' in at ? names(at.columns) : [])
            switch (at.type) {
              case 'primary key':
              case 'unique':
              case 'not null':
              case 'default':
                return [show(at.type, name, keys)]
              case 'reference':
              case 'foreign key':
                return [
                  show(
                    'reference',
                    name,
                    column ?? ('localColumns' in at ? names(at.localColumns) : []),
                    relation(at.foreignTable),
                    names(at.foreignColumns),
                    at.onDelete ?? 'no action',
                    at.onUpdate ?? 'no action',
                  ),
                ]
              case 'check':
                return [show('check', name, sorted(referencesIn(at.expr)))]
              default:
                return []
            }
          }),
        ),
      }
    }
    case 'create index':
      return {
        kind: statement.unique ? 'create unique index' : 'create index',
        tables: [show(statement.indexName?.name), relation(statement.table)],
        columns: statement.expressions.map(({ expression, order }) =>
          show((expression as Expr & { name?: string }).name, order === 'desc'),
        ),
        constraints: [],
      }
    case 'insert':
      return {
        kind: 'insert',
        tables: [relation(statement.into)],
        columns: names(statement.columns ?? []).map((name) => show(name)),
        constraints: statement.insert.type === 'values' ? statement.insert.values.map((row) => show(row.length)) : [],
      }
    case 'select': {
      const from = (statement.from ?? []).flatMap((item) => (item.type === 'table' ? [item] : []))
      return {
        kind: 'select',
        tables: from.map(({ name }) => relation(name)),
        columns: sorted(referencesIn(statement)),
        constraints: from.flatMap(({ join }) => (join ? [show(join.type.split(' ')[0])] : [])),
      }
    }
    default:
      throw new Error(`Not a statement of this test: ${statement.type}`)
  }
}

function referencesIn(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return []
  const { type, name, table: of } = node as { type?: string; name?: string; table?: QName }
  if (type === 'ref') return name === '*' ? [] : [show(...(of ? [of.name] : []), name)]
  return Object.values(node).flatMap(referencesIn)
}
