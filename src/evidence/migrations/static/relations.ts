import type { ColumnState, ConstraintState, RelationState } from '../../../source/files/observation/relations.js'
import { nodeAt, nodesIn, type ParsedStatement, type ParseNode, stringsIn } from '../../../source/files/parse.js'
import { nameIn, nameOf, type WrittenName } from '../effect.js'
import { printType } from './types.js'

/** What statements that were only read make of the relations that they name. */
export interface ImaginedRelations {
  /** The relation and all partitions below it. */
  withPartitions(relation: RelationState): readonly RelationState[]
  /** Whether a statement made the relation, or named it before. */
  has(name: WrittenName): boolean
  /** The relation of this name; one that no statement made is thought to be an old table. */
  find(name: WrittenName): RelationState
  /** The relation that an index is on, when a statement made the index. */
  findByIndex(name: WrittenName): RelationState | null
  /** Follows a statement. */
  apply(statement: ParsedStatement): void
  all(): Iterable<RelationState>
  /** What stands there now under this number; null when it is gone. */
  now(oid: number): RelationState | null
}

const KINDS: Readonly<Record<string, RelationState['kind']>> = {
  OBJECT_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_FOREIGN_TABLE: 'foreign table',
}

export function imagineRelations(): ImaginedRelations {
  const relations = new Map<number, RelationState>()
  const numbers = new Map<string, number>()
  const indexes = new Map<string, number>()
  let next = 1

  const keyOf = ({ schema, name }: WrittenName) => `${schema ?? 'public'}.${name}`
  const add = (name: WrittenName, kind: RelationState['kind'], more: Partial<RelationState> = {}): RelationState => {
    const relation: RelationState = {
      oid: next,
      schema: name.schema ?? 'public',
      name: name.name,
      kind,
      persistence: 'p',
      file: next,
      partitionOf: null,
      rowSecurity: false,
      columns: [],
      constraints: [],
      indexes: [],
      triggers: [],
      ...more,
    }
    relations.set(next, relation)
    numbers.set(keyOf(name), next)
    next++
    return relation
  }
  const get = (name: WrittenName) => {
    const number = numbers.get(keyOf(name))
    return number === undefined ? undefined : relations.get(number)
  }
  const find = (name: WrittenName) => get(name) ?? add(name, 'table')
  const put = (relation: RelationState) => void relations.set(relation.oid, relation)
  const remove = (relation: RelationState) => {
    relations.delete(relation.oid)
    numbers.delete(keyOf(relation))
    for (const { name } of relation.indexes) indexes.delete(`${relation.schema}.${name}`)
  }
  const rename = (relation: RelationState, name: WrittenName) => {
    numbers.delete(keyOf(relation))
    numbers.set(keyOf(name), relation.oid)
    put({ ...relation, schema: name.schema ?? relation.schema, name: name.name })
  }
  const giveNewFile = (name: WrittenName | null) => {
    if (name) put({ ...find(name), file: next++ })
  }
  const addIndex = (relation: RelationState, name: string, unique: boolean, definition: string): RelationState => {
    indexes.set(`${relation.schema}.${name}`, relation.oid)
    const oid = next++
    return { ...relation, indexes: [...relation.indexes, { oid, name, file: oid, unique, valid: true, definition }] }
  }

  function addColumn(relation: RelationState, column: ParseNode): RelationState {
    const constraints = nodesIn(column['constraints']).map(([, node]) => node)
    const of = (type: string) => constraints.find(({ contype }) => contype === type)
    const name = String(column['colname'])
    const generated = of('CONSTR_GENERATED')
    const made: ColumnState = {
      position: Math.max(0, ...relation.columns.map(({ position }) => position)) + 1,
      name,
      type: printType(column['typeName']),
      notNull: Boolean(of('CONSTR_NOTNULL') ?? of('CONSTR_PRIMARY') ?? of('CONSTR_IDENTITY')) || isSerial(column),
      default: of('CONSTR_DEFAULT') ? 'default' : isSerial(column) ? 'nextval' : null,
      identity: of('CONSTR_IDENTITY') !== undefined,
      generated: generated ? (generated['generated_kind'] === 'v' ? 'virtual' : 'stored') : null,
    }
    return constraints.reduce<RelationState>((table, constraint) => addConstraint(table, constraint, [name]), {
      ...relation,
      columns: [...relation.columns, made],
    })
  }

  function addConstraint(relation: RelationState, node: ParseNode, own: readonly string[] = []): RelationState {
    const type = CONSTRAINTS[String(node['contype'])]
    if (!type) return relation
    const keys = stringsIn(node['keys'])
    const foreign = stringsIn(node['fk_attrs'])
    const columns = keys.length > 0 ? keys : foreign.length > 0 ? foreign : own
    const name = String(
      node['conname'] ?? [relation.name, ...(type === 'primary key' ? [] : columns), SUFFIXES[type]].join('_'),
    )
    const target = nameOf(node['pktable'])
    const constraint: ConstraintState = {
      oid: next++,
      name,
      type,
      validated: node['skip_validation'] !== true,
      columns: type === 'check' ? columnsOf(node['raw_expr']) : columns,
      references: target ? find(target).oid : null,
      index: null,
      definition: type === 'check' ? printCheck(node['raw_expr']) : '',
    }
    const withColumns =
      type === 'primary key' || type === 'not null' ? changeColumns(relation, columns, { notNull: true }) : relation
    if (type !== 'primary key' && type !== 'unique' && type !== 'exclusion')
      return { ...withColumns, constraints: [...withColumns.constraints, constraint] }
    const existing = withColumns.indexes.find((index) => index.name === node['indexname'])
    if (existing) {
      // The index takes the name of its constraint.
      const own = type === 'exclusion' ? columns : partsOf(existing.definition)
      return {
        ...withColumns,
        indexes: withColumns.indexes.map((index) => (index === existing ? { ...index, name } : index)),
        constraints: [...withColumns.constraints, { ...constraint, columns: own, index: existing.oid }],
      }
    }
    const indexed = addIndex(withColumns, name, type !== 'exclusion', columns.join(', '))
    return { ...indexed, constraints: [...indexed.constraints, { ...constraint, index: indexed.indexes.at(-1)!.oid }] }
  }

  function alter(relation: RelationState, command: ParseNode): RelationState {
    const { subtype, name, def } = command
    const column = String(name ?? '')
    switch (subtype) {
      case 'AT_AddColumn': {
        const added = nodeAt(def, 'ColumnDef') as ParseNode
        return relation.columns.some((one) => one.name === added['colname']) ? relation : addColumn(relation, added)
      }
      case 'AT_DropColumn':
        return {
          ...relation,
          columns: relation.columns.filter((one) => one.name !== column),
          constraints: relation.constraints.filter(({ columns }) => !columns.includes(column)),
          indexes: relation.indexes.filter(({ definition }) => !partsOf(definition).includes(column)),
        }
      case 'AT_AlterColumnType':
        return changeColumns(relation, [column], { type: printType(nodeAt(def, 'ColumnDef', 'typeName')) })
      case 'AT_SetNotNull':
        return changeColumns(relation, [column], { notNull: true })
      case 'AT_DropNotNull':
        return changeColumns(relation, [column], { notNull: false })
      case 'AT_ColumnDefault':
        return changeColumns(relation, [column], { default: def === undefined ? null : 'default' })
      case 'AT_AddConstraint':
        return addConstraint(relation, nodeAt(def, 'Constraint') as ParseNode)
      case 'AT_ValidateConstraint':
        return {
          ...relation,
          constraints: relation.constraints.map((one) => (one.name === column ? { ...one, validated: true } : one)),
        }
      case 'AT_DropConstraint':
        return { ...relation, constraints: relation.constraints.filter((one) => one.name !== column) }
      case 'AT_EnableRowSecurity':
        return { ...relation, rowSecurity: true }
      case 'AT_AttachPartition': {
        const part = nameOf(nodeAt(def, 'PartitionCmd', 'name'))
        if (part) put({ ...find(part), partitionOf: relation.oid })
        return relation
      }
      case 'AT_DetachPartition': {
        const part = nameOf(nodeAt(def, 'PartitionCmd', 'name'))
        if (part) put({ ...find(part), partitionOf: null })
        return relation
      }
      default:
        return relation
    }
  }

  const withPartitions = (relation: RelationState): readonly RelationState[] => [
    relation,
    ...[...relations.values()].filter(({ partitionOf }) => partitionOf === relation.oid).flatMap(withPartitions),
  ]

  function createTable(node: ParseNode): void {
    const name = nameOf(node['relation'])
    if (!name || get(name)) return
    const parents = nodesIn(node['inhRelations']).flatMap(([, parent]) => nameOf(parent) ?? [])
    const kind = nodeAt(node, 'partspec') ? 'partitioned table' : 'table'
    const parent = parents[0] && find(parents[0])
    let table = add(name, kind, {
      persistence: (nodeAt(node, 'relation', 'relpersistence') as RelationState['persistence'] | undefined) ?? 'p',
      partitionOf: parent && node['partbound'] ? parent.oid : null,
      columns: parent?.columns ?? [],
    })
    for (const [kind, element] of nodesIn(node['tableElts'])) {
      if (kind === 'ColumnDef') table = addColumn(table, element)
      else if (kind === 'Constraint') table = addConstraint(table, element)
      else if (kind === 'TableLikeClause') {
        const like = nameOf(element['relation'])
        if (like) table = { ...table, columns: [...table.columns, ...find(like).columns] }
      }
    }
    put(table)
  }

  function drop({ removeType, objects }: ParseNode): void {
    for (const [, object] of nodesIn(objects)) {
      const name = nameIn(stringsIn(object['items']))
      if (!name) continue
      if (removeType === 'OBJECT_INDEX') {
        const on = findByIndex(name)
        if (on) put({ ...on, indexes: on.indexes.filter((index) => index.name !== name.name) })
        indexes.delete(keyOf(name))
      } else if (KINDS[String(removeType)]) {
        const relation = get(name)
        if (relation) remove(relation)
      }
    }
  }

  function renameSomething(node: ParseNode): void {
    const name = nameOf(node['relation'])
    const to = String(node['newname'] ?? '')
    if (!name) return
    if (node['renameType'] === 'OBJECT_INDEX') return
    const relation = find(name)
    const from = String(node['subname'] ?? '')
    if (node['renameType'] === 'OBJECT_COLUMN') return put(changeColumns(relation, [from], { name: to }))
    if (node['renameType'] === 'OBJECT_TABCONSTRAINT') {
      const constraints = relation.constraints.map((one) => (one.name === from ? { ...one, name: to } : one))
      return put({ ...relation, constraints })
    }
    if (KINDS[String(node['renameType'])]) rename(relation, { schema: name.schema, name: to })
  }

  function findByIndex(name: WrittenName): RelationState | null {
    return relations.get(indexes.get(keyOf(name)) ?? -1) ?? null
  }

  return {
    withPartitions,
    has: (name) => numbers.has(keyOf(name)),
    find,
    findByIndex,
    all: () => relations.values(),
    now: (oid) => relations.get(oid) ?? null,
    apply({ name, node }) {
      switch (name) {
        case 'CreateStmt':
          return createTable(node)
        case 'CreateTableAsStmt': {
          const made = nameOf(nodeAt(node, 'into', 'rel'))
          if (made && !get(made)) add(made, node['objtype'] === 'OBJECT_MATVIEW' ? 'materialized view' : 'table')
          return
        }
        case 'ViewStmt': {
          const made = nameOf(node['view'])
          if (made && !get(made)) add(made, 'view')
          return
        }
        case 'CreateSeqStmt': {
          const made = nameOf(node['sequence'])
          if (made && !get(made)) add(made, 'sequence')
          return
        }
        case 'AlterTableStmt': {
          const altered = nameOf(node['relation'])
          if (!altered || node['objtype'] === 'OBJECT_INDEX' || node['objtype'] === 'OBJECT_TYPE') return
          for (const [, command] of nodesIn(node['cmds'])) {
            for (const { oid } of isAboutPartitions(command) ? [find(altered)] : withPartitions(find(altered))) {
              put(alter(relations.get(oid)!, command))
            }
          }
          return
        }
        case 'IndexStmt': {
          const on = nameOf(node['relation'])
          const parts = nodesIn(node['indexParams']).map(([, part]) => String(part['name'] ?? 'expr'))
          const index = String(node['idxname'] ?? [on?.name, ...parts, 'idx'].join('_'))
          const has = on && find(on).indexes.some((one) => one.name === index)
          if (on && !has) put(addIndex(find(on), index, node['unique'] === true, parts.join(', ')))
          return
        }
        case 'DropStmt':
          return drop(node)
        case 'TruncateStmt':
          return nodesIn(node['relations']).forEach(([, truncated]) => giveNewFile(nameOf(truncated)))
        case 'RefreshMatViewStmt':
          return node['concurrent'] === true ? undefined : giveNewFile(nameOf(node['relation']))
        case 'RenameStmt':
          return renameSomething(node)
        case 'AlterObjectSchemaStmt': {
          const moved = nameOf(node['relation'])
          if (moved) rename(find(moved), { schema: String(node['newschema']), name: moved.name })
          return
        }
        case 'CreateTrigStmt': {
          const on = nameOf(node['relation'])
          const relation = on && find(on)
          if (relation) put({ ...relation, triggers: [...relation.triggers, String(node['trigname'])] })
          return
        }
      }
    },
  }
}

const CONSTRAINTS: Readonly<Record<string, ConstraintState['type']>> = {
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign key',
  CONSTR_PRIMARY: 'primary key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_EXCLUSION: 'exclusion',
  CONSTR_NOTNULL: 'not null',
}

const SUFFIXES: Readonly<Record<ConstraintState['type'], string>> = {
  check: 'check',
  'foreign key': 'fkey',
  'primary key': 'pkey',
  unique: 'key',
  exclusion: 'excl',
  'not null': 'not_null',
}

/** Whether ALTER TABLE attaches or detaches a partition, which the others need not know. */
export function isAboutPartitions({ subtype }: ParseNode): boolean {
  return /^AT_(?:Attach|Detach)Partition/.test(String(subtype))
}

/** What an index is on, of what this file keeps as its definition. */
function partsOf(definition: string): readonly string[] {
  return definition === '' ? [] : definition.split(', ')
}

function isSerial(column: ParseNode): boolean {
  return /serial\d?$/.test(stringsIn(nodeAt(column, 'typeName', 'names')).at(-1) ?? '')
}

function changeColumns(relation: RelationState, names: readonly string[], change: Partial<ColumnState>): RelationState {
  return {
    ...relation,
    columns: relation.columns.map((column) => (names.includes(column.name) ? { ...column, ...change } : column)),
  }
}

function columnsOf(expression: unknown): readonly string[] {
  const found = JSON.stringify(expression ?? null).matchAll(
    /"ColumnRef":\{"fields":\[\{"String":\{"sval":"([^"]+)"\}\}\]/g,
  )
  return [...new Set([...found].map(([, name = '']) => name))]
}

/** Enough of a CHECK to see that it forbids NULL. */
function printCheck(expression: unknown): string {
  const test = nodeAt(expression, 'NullTest')
  const [column] = columnsOf(expression)
  return nodeAt(test, 'nulltesttype') === 'IS_NOT_NULL' && column ? `CHECK ((${column} IS NOT NULL))` : 'CHECK (…)'
}
