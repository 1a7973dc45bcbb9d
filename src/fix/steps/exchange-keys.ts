import type { Catalog, Column, ForeignKey, Index, Sequence, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { constraintNamesOf, relationNamesIn, STEP } from './base.js'

/** A foreign key that references a replaced column: another one takes its place, before the referenced table is exchanged. */
export interface Repointed {
  readonly original: ForeignKey
  /** Its name until it takes the original's. */
  readonly name: string
  /** What follows the name: from, and to, the columns that are added. */
  readonly definition: string
  /** The same for the original, once its own columns have these names. */
  readonly definedAs: (own: (column: Column) => string) => string
}

/** The primary key's two indexes: the one that it will have, and the one that the way back needs. */
interface PrimaryKey {
  readonly name: string
  readonly added: string
  readonly spare: string
  /** Key columns in parentheses, under the names that are said. */
  readonly columns: (names: ReadonlyMap<string, string>) => string
}

/** A column that a sequence numbers. */
interface Numbered {
  readonly column: Column
  readonly sequence: Sequence
}

/** What has to be exchanged together with columns that are, or are numbered like, keys. */
export interface KeyParts {
  readonly primaryKey: PrimaryKey | null
  readonly numbered: readonly Numbered[]
  /** Foreign keys, of whatever table, that reference this one's replaced columns. */
  readonly repointed: readonly Repointed[]
}

/** Reads what belongs to a table's replaced columns. */
export function keyPartsOf(
  table: Table,
  columns: readonly Column[],
  repointed: readonly Repointed[],
  catalog: Catalog,
): KeyParts {
  const { primaryKey } = table
  const taken = new Set([...relationNamesIn(table), ...constraintNamesOf(table)])
  const isReplaced = primaryKey?.columns.some((column) => columns.includes(column))
  const indexed = (names: ReadonlyMap<string, string>) =>
    `(${(primaryKey?.columns ?? []).map(({ name }) => quoteIdentifier(names.get(name) ?? name)).join(', ')})`
  return {
    primaryKey:
      primaryKey && isReplaced
        ? {
            name: primaryKey.name,
            added: newName([primaryKey.name], 'new', taken),
            spare: newName([primaryKey.name], 'legacy', taken),
            columns: indexed,
          }
        : null,
    numbered: columns.flatMap((column) => {
      const sequence = catalog.sequences.find(({ ownedBy }) => ownedBy === column)
      return sequence ? [{ column, sequence }] : []
    }),
    repointed,
  }
}

/** Whether a primary key can be exchanged by its indexes. */
export function isPlainKey(index: Index): boolean {
  return (
    index.included.length === 0 &&
    !index.isReplicaIdentity &&
    !index.clustered &&
    !/ TABLESPACE /.test(index.definition)
  )
}

/** Builds the key's new index, and the one that the old key will have if it must come back. */
export function keyIndexSteps(
  table: Table,
  { primaryKey }: KeyParts,
  names: { readonly newNames: ReadonlyMap<string, string>; readonly oldNames: ReadonlyMap<string, string> },
): { readonly build: readonly Step[]; readonly drop: readonly Step[] } {
  if (!primaryKey) return { build: [], drop: [] }
  const relation = quoteRelation(table)
  const step = { ...STEP, transactional: false, lock: 'SHARE UPDATE EXCLUSIVE' } as const
  const create = (name: string, columns: string) =>
    `create unique index concurrently ${quoteIdentifier(name)} on ${relation} ${columns}`
  const drop = (name: string) => `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`
  const build = (name: string, columns: string): Step => ({
    ...step,
    phase: 'backfill',
    sql: create(name, columns),
    undo: drop(name),
    scans: true,
  })
  return {
    build: [
      build(primaryKey.added, primaryKey.columns(names.newNames)),
      {
        ...build(primaryKey.spare, primaryKey.columns(new Map())),
        note: 'The way back stands on it; the contract phase drops it.',
      },
    ],
    drop: [
      {
        ...step,
        phase: 'contract',
        sql: drop(primaryKey.spare),
        undo: create(primaryKey.spare, primaryKey.columns(names.oldNames)),
      },
    ],
  }
}

/** Statements of an exchange, in the places that they have in it. */
export interface KeyStatements {
  readonly declarations: readonly string[]
  readonly beforeRenaming: readonly string[]
  readonly afterRenaming: readonly string[]
  /** Once the columns are NOT NULL again that have to be. */
  readonly last: readonly string[]
}

/** The key and the numbering go over to the new columns. `kept` is a column's name once it is the old one. */
export function keysForward(table: Table, parts: KeyParts, kept: (column: Column) => string): KeyStatements {
  const { primaryKey, numbered } = parts
  const on = `alter table ${quoteRelation(table)}`
  const moves = numbered.map(({ column, sequence }, at) => ({
    ...(sequence.identity
      ? renumber(table, column, { ...sequence, ...widest(sequence) }, at, kept(column))
      : {
          note: [],
          move: [
            `${on} alter column ${kept(column)} drop default`,
            `alter sequence ${quoteRelation(sequence)} owned by ${quoteRelation(table)}.${quoteIdentifier(column.name)}`,
            ...(sequence.typeName === 'bigint' ? [] : [`alter sequence ${quoteRelation(sequence)} as bigint`]),
          ],
        }),
  }))
  return {
    declarations: declarationsOf(numbered),
    beforeRenaming: [
      ...moves.flatMap(({ note }) => note),
      ...(primaryKey ? [`${on} drop constraint ${quoteIdentifier(primaryKey.name)}`] : []),
    ],
    afterRenaming: moves.flatMap(({ move }) => move),
    last: primaryKey ? [adopt(table, primaryKey.name, primaryKey.added)] : [],
  }
}

/** And back again; foreign keys that stand on the new key go, and the old ones come back NOT VALID. */
export function keysBackward(
  table: Table,
  parts: KeyParts,
  added: (column: Column) => string,
  own: (column: Column) => string,
): KeyStatements {
  const { primaryKey, numbered, repointed } = parts
  const on = `alter table ${quoteRelation(table)}`
  const moves = numbered.map(({ column, sequence }, at) => ({
    ...(sequence.identity
      ? renumber(table, column, sequence, at, added(column))
      : {
          note: [],
          move: [
            `alter sequence ${quoteRelation(sequence)} owned by ${quoteRelation(table)}.${quoteIdentifier(column.name)}`,
            `${on} alter column ${quoteIdentifier(column.name)} set default ${column.default}`,
            ...(sequence.typeName === 'bigint'
              ? []
              : [`alter sequence ${quoteRelation(sequence)} as ${sequence.typeName}`]),
          ],
        }),
  }))
  const name = ({ original }: Repointed) => quoteIdentifier(original.name)
  return {
    declarations: declarationsOf(numbered),
    beforeRenaming: [
      ...repointed.map(
        (one) => `alter table ${quoteRelation(one.original.table)} drop constraint if exists ${name(one)}`,
      ),
      ...moves.flatMap(({ note }) => note),
      ...(primaryKey ? [`${on} drop constraint ${quoteIdentifier(primaryKey.name)}`] : []),
    ],
    afterRenaming: moves.flatMap(({ move }) => move),
    last: [
      ...(primaryKey ? [adopt(table, primaryKey.name, primaryKey.spare)] : []),
      ...repointed.map(
        (one) =>
          `alter table ${quoteRelation(one.original.table)} add constraint ${name(one)} ${one.definedAs(own)} not valid`,
      ),
    ],
  }
}

function adopt(table: Table, name: string, index: string): string {
  const quoted = quoteIdentifier(name)
  return `alter table ${quoteRelation(table)} add constraint ${quoted} primary key using index ${quoteIdentifier(index)}`
}

function declarationsOf(numbered: readonly Numbered[]): readonly string[] {
  return numbered.flatMap(({ sequence }, at) =>
    sequence.identity ? [`last_number_${at} bigint`, `is_used_${at} boolean`] : [],
  )
}

/** The identity of one column becomes that of another, which has the column's name by then, and goes on where it was. */
function renumber(table: Table, { name, identity }: Column, sequence: Sequence, at: number, from: string) {
  const on = `alter table ${quoteRelation(table)} alter column`
  const named = quoteRelation(sequence)
  const { increment, minimum, maximum, start, cycle } = sequence
  const options = `sequence name ${named} increment by ${increment} minvalue ${minimum} maxvalue ${maximum} start with ${start}${cycle ? ' cycle' : ''}`
  return {
    note: [`select last_value, is_called into last_number_${at}, is_used_${at} from ${named}`],
    move: [
      `${on} ${from} drop identity`,
      `${on} ${quoteIdentifier(name)} add generated ${identity} as identity (${options})`,
      `perform pg_catalog.setval(${quoteLiteral(named)}::pg_catalog.regclass, last_number_${at}, is_used_${at})`,
    ],
  }
}

/** The maximum of a narrower type was nobody's choice. */
function widest({ typeName, maximum }: Sequence): { readonly maximum: bigint } {
  const own = { smallint: 2n ** 15n - 1n, integer: 2n ** 31n - 1n }[typeName]
  return { maximum: maximum === own ? 2n ** 63n - 1n : maximum }
}
