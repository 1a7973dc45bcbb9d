import { nodeAt, nodesIn, type ParsedStatement, type ParseNode, stringsIn } from './parse.js'

/** A column or a constraint as the catalog has it after the load. */
export interface TablePart {
  readonly part: 'column' | 'constraint'
  readonly name: string
  /** `pg_constraint.contype`. */
  readonly contype: string | null
  /** Column names of a constraint. */
  readonly columns: readonly string[]
}

/** A statement that touched the table or an index of it. */
export interface TableStep {
  readonly statement: number
  readonly tag: string
  readonly parsed: ParsedStatement | null
}

/** An offset into a statement. */
export interface Place {
  readonly statement: number
  readonly offset: number
}

const CONTYPES: Readonly<Record<string, string>> = {
  CONSTR_PRIMARY: 'p',
  CONSTR_UNIQUE: 'u',
  CONSTR_FOREIGN: 'f',
  CONSTR_CHECK: 'c',
  CONSTR_EXCLUSION: 'x',
  CONSTR_NOTNULL: 'n',
}

/**
 * Finds where the parts of one table were written, walking from the last statement to the first and taking renames back.
 * A part that no statement spells out (made in a DO block, copied by LIKE) is placed at the first statement that hides what
 * it does, or not at all.
 */
export function placeTableParts<Part extends TablePart>(
  parts: readonly Part[],
  steps: readonly TableStep[],
): ReadonlyMap<Part, Place> {
  const places = new Map<Part, Place>()
  const columns = new Map(parts.filter(({ part }) => part === 'column').map((part) => [part.name, part]))
  const added = new Set<Part>()
  const constraints = new Map(parts.filter(({ part }) => part === 'constraint').map((part) => [part.name, part]))

  const placeOnce = (part: Part | undefined, place: Place) => {
    if (part && !places.has(part)) places.set(part, place)
  }
  const addColumn = (step: TableStep, node: ParseNode) => {
    const column = columns.get(String(node['colname']))
    const place = { statement: step.statement, offset: step.parsed!.offset(node['location']) }
    if (column && !added.has(column)) {
      placeOnce(column, place)
      added.add(column)
    }
    for (const [, constraint] of nodesIn(node['constraints'])) addConstraint(step, constraint, String(node['colname']))
  }
  const addConstraint = (step: TableStep, node: ParseNode, ofColumn: string | null) => {
    const place = { statement: step.statement, offset: step.parsed!.offset(node['location']) }
    const name = node['conname']
    if (typeof name === 'string') return placeOnce(constraints.get(name), place)
    const names = ofColumn && node['contype'] !== 'CONSTR_CHECK' ? [ofColumn] : columnsOf(node)
    const key = keyOf(names.map((column) => columns.get(column)?.name ?? column))
    const contype = CONTYPES[String(node['contype'])]
    placeOnce(
      parts.find(
        (part) =>
          part.part === 'constraint' && !places.has(part) && part.contype === contype && keyOf(part.columns) === key,
      ),
      place,
    )
  }

  for (const step of steps.toReversed()) {
    const name = step.parsed?.name
    const node: ParseNode = step.parsed?.node ?? {}
    if (name === 'RenameStmt') {
      if (node['renameType'] === 'OBJECT_COLUMN') takeBack(columns, String(node['newname']), String(node['subname']))
      if (node['renameType'] === 'OBJECT_TABCONSTRAINT') {
        takeBack(constraints, String(node['newname']), String(node['subname']))
      }
      if (node['renameType'] === 'OBJECT_INDEX') {
        takeBack(constraints, String(node['newname']), String(nodeAt(node, 'relation', 'relname')))
      }
    } else if (name === 'CreateStmt' || name === 'CreateForeignTableStmt') {
      if (!step.tag.startsWith('CREATE')) continue
      for (const [kind, element] of nodesIn(node['tableElts'] ?? nodeAt(node, 'base', 'tableElts'))) {
        if (kind === 'ColumnDef') addColumn(step, element)
        if (kind === 'Constraint') addConstraint(step, element, null)
      }
    } else if (name === 'AlterTableStmt') {
      if (step.tag !== 'ALTER TABLE' && step.tag !== 'ALTER FOREIGN TABLE') continue
      for (const [, command] of nodesIn(node['cmds']).toReversed()) {
        const [[kind, definition] = ['', {}]] = nodesIn([command['def']])
        if (kind === 'Constraint') addConstraint(step, definition, null)
        if (command['subtype'] === 'AT_AddColumn') addColumn(step, definition)
        if (command['subtype'] === 'AT_AlterColumnType') {
          const place = { statement: step.statement, offset: step.parsed!.offset(definition['location']) }
          placeOnce(columns.get(String(command['name'])), place)
        }
      }
    }
  }
  for (const part of parts) {
    const column =
      part.contype === 'n'
        ? parts.find(({ part: kind, name }) => kind === 'column' && name === part.columns[0])
        : undefined
    const place = column && places.get(column)
    if (place) placeOnce(part, place)
  }
  const hiding = steps.find(({ parsed }) => !parsed || HIDING.has(parsed.name))
  if (hiding) for (const part of parts) placeOnce(part, { statement: hiding.statement, offset: 0 })
  return places
}

/** Statements that may define anything without spelling it out. */
const HIDING = new Set(['DoStmt', 'SelectStmt', 'CallStmt'])

function takeBack<Part>(named: Map<string, Part>, now: string, before: string): void {
  const part = named.get(now)
  if (!part) return
  named.delete(now)
  named.set(before, part)
}

function columnsOf(constraint: ParseNode): readonly string[] {
  if (constraint['fk_attrs']) return stringsIn(constraint['fk_attrs'])
  if (constraint['keys']) return stringsIn(constraint['keys'])
  if (constraint['exclusions']) {
    return nodesIn(constraint['exclusions']).flatMap(([, list]) => {
      const [[, element] = ['', {}]] = nodesIn(list['items'])
      return typeof element['name'] === 'string' ? [element['name']] : []
    })
  }
  return [...columnsRead(constraint['raw_expr'])]
}

function columnsRead(node: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof node !== 'object' || node === null) return found
  const reference = nodeAt(node, 'ColumnRef', 'fields')
  const last = reference === undefined ? undefined : stringsIn(reference).at(-1)
  if (last !== undefined) found.add(last)
  for (const child of Object.values(node)) columnsRead(child, found)
  return found
}

function keyOf(columns: readonly string[]): string {
  return JSON.stringify([...new Set(columns)].toSorted())
}
