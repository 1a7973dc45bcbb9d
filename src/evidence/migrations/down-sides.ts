import type { LoadedMigration } from '../../source/files/model.js'
import { describeObjects } from '../catalog/describe.js'
import type { Catalog } from '../catalog/model.js'
import { nodeAt, nodesIn, type ParseNode, parseStatement, stringsIn } from '../../source/files/parse.js'
import { alterationsOf } from './effects.js'
import type { Difference, DownSide, MigrationStatement } from './model.js'

/** What a schema may well keep: nothing depends on whether it is there. */
const MAY_STAY = new Set(['extension', 'schema'])

/** By file, the objects that its down side leaves otherwise than the file met them. */
export function leftByDownSides(
  loaded: readonly LoadedMigration[],
  before: Catalog,
  undone: Catalog,
): ReadonlyMap<string, readonly Difference[]> {
  const left = new Map<string, Difference[]>()
  for (const difference of differencesOf(before, undone)) {
    const file = namedIn(loaded, difference) ?? loaded.at(-1)
    if (file) left.set(file.file, [...(left.get(file.file) ?? []), difference])
  }
  return left
}

function differencesOf(before: Catalog, undone: Catalog): readonly Difference[] {
  const describe = (catalog: Catalog) =>
    new Map([...describeObjects(catalog)].map((one) => [`${one.kind} ${one.address}`, one]))
  const had = describe(before)
  const has = describe(undone)
  const of = (how: Difference['how'], { kind, address }: { kind: string; address: string }) => ({ how, kind, address })
  const all = [
    ...[...had].filter(([key]) => !has.has(key)).map(([, one]) => of('missing', one)),
    ...[...has].flatMap(([key, one]) => {
      const old = had.get(key)
      if (!old) return MAY_STAY.has(one.kind) ? [] : [of('left behind', one)]
      return JSON.stringify(old.facts) === JSON.stringify(one.facts) ? [] : [of('changed', one)]
    }),
  ]
  // What stands in a table that is missing, or left, is said by the table.
  const tables = all.filter(({ kind, how }) => kind === 'table' && how !== 'changed')
  return all.filter(({ kind, address }) => kind === 'table' || !tables.some((table) => isIn(address, table.address)))
}

function isIn(address: string, table: string): boolean {
  return address.startsWith(`${table}.`)
}

/** The last file of which one statement, up or down, names the object and its table; else the object, else the table. */
function namedIn(loaded: readonly LoadedMigration[], { address }: Difference): LoadedMigration | undefined {
  const names = address.split('.').map((name) => name.replace(/\(.*$/, '').replaceAll('"', ''))
  const [table = '', name = ''] = names.slice(-2)
  const says = ({ statements, down }: LoadedMigration, ...wanted: readonly string[]) =>
    [...statements, ...(down?.statements ?? [])].some(({ text }) => wanted.every((one) => isNamed(one, text)))
  return (
    loaded.findLast((file) => says(file, table, name)) ??
    loaded.findLast((file) => says(file, name)) ??
    loaded.findLast((file) => says(file, table))
  )
}

function isNamed(name: string, text: string): boolean {
  return new RegExp(`(?<![\\w$])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i').test(text)
}

/** Statements of the down side that drop what the statement makes, and nothing else. */
export function takenBackBy(statement: MigrationStatement): DownSide['statements'] {
  const { down } = statement.migration
  const alterations = alterationsOf(statement)
  return (down?.statements ?? []).filter(({ text }) => {
    const parsed = parseStatement(text)
    if (parsed?.name === 'DropStmt' && parsed.node['removeType'] === 'OBJECT_INDEX') {
      const names = nodesIn(parsed.node['objects']).map(([, list]) => stringsIn(nodeAt(list, 'items')).at(-1))
      return (
        names.length === 1 && alterations.some(({ addedIndexes }) => addedIndexes.some(({ name }) => name === names[0]))
      )
    }
    if (parsed?.name !== 'AlterTableStmt') return false
    const [[, command] = [], second] = nodesIn(parsed.node['cmds'])
    const table = nodeAt(parsed.node, 'relation', 'relname')
    return (
      command !== undefined &&
      second === undefined &&
      alterations.some((altered) => altered.before.name === table && drops(command, altered))
    )
  })
}

function drops(
  { subtype, name }: ParseNode,
  { addedConstraints, changedColumns }: ReturnType<typeof alterationsOf>[number],
): boolean {
  if (subtype === 'AT_DropConstraint') return addedConstraints.some((added) => added.name === name)
  return (
    subtype === 'AT_DropNotNull' &&
    changedColumns.some(({ before, after }) => after.name === name && after.notNull && !before.notNull)
  )
}
