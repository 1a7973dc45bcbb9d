import { columnNamesIn } from '../evidence/catalog/expression.js'
import { nodesIn, type ParsedStatement, type ParseNode, parseStatement, stringsIn } from '../source/files/parse.js'
import type { Step } from './step.js'

/** A fix that has to give way, and the one that it gives way to. */
export interface Conflict<T> {
  readonly loser: T
  readonly winner: T
  /** One sentence, for the finding whose fix stays. */
  readonly because: (winner: { readonly rule: string; readonly address: string }) => string
}

interface Fix {
  readonly steps: readonly Step[]
}

/**
 * Fixes that would make the same thing in another form, or the same one a second time: an index on the same keys, the same
 * CHECK, another type or default for the same column; the earlier of two stays. Fixes that make something of a column that
 * another one replaces, which would go with it. And an index that the longer one of another fix serves. The parser must be
 * loaded.
 */
export function findConflicts<T extends Fix>(fixes: readonly T[]): readonly Conflict<T>[] {
  const replacers = new Map<string, T>()
  for (const fix of fixes) {
    const addresses = replacedBy(fix)
    if (addresses.some((address) => replacers.has(address))) continue
    for (const address of addresses) replacers.set(address, fix)
  }
  const makers = new Map<string, { readonly fix: T; readonly sql: string }>()
  const conflicts: Conflict<T>[] = []
  const standing: Made<T>[] = []
  for (const fix of fixes) {
    const statements = fix.steps.flatMap(({ sql }) => {
      const statement = parseStatement(sql)
      return statement ? [{ sql, statement }] : []
    })
    const replaced = [...replacedBy(fix), ...statements.flatMap(({ statement }) => columnsNeeded(statement))].find(
      (address) => (replacers.get(address) ?? fix) !== fix,
    )
    if (replaced !== undefined) {
      conflicts.push({ loser: fix, winner: replacers.get(replaced)!, because: saysReplaced(replaced) })
      continue
    }
    const made = statements.flatMap(({ sql, statement }) => thingsMade(statement).map((thing) => ({ thing, sql })))
    const rival = made
      .map(({ thing, sql }) => ({ maker: makers.get(thing), sql }))
      .find(({ maker, sql }) => maker !== undefined && maker.sql !== sql)?.maker
    if (rival) {
      conflicts.push({ loser: fix, winner: rival.fix, because: saysSame })
      continue
    }
    for (const { thing, sql } of made) if (!makers.has(thing)) makers.set(thing, { fix, sql })
    standing.push({ fix, indexes: statements.flatMap(({ statement }) => indexesMade(statement)) })
  }
  return [...conflicts, ...findServed(standing)]
}

/** A fix and the plain indexes that it makes. */
interface Made<T> {
  readonly fix: T
  readonly indexes: readonly PlainIndex[]
}

/** Fixes of nothing but an index whose keys are the first ones of an index that another fix makes. */
function findServed<T extends Fix>(made: readonly Made<T>[]): readonly Conflict<T>[] {
  const longest = made
    .flatMap(({ fix, indexes }) => indexes.map((index) => ({ fix, index })))
    .toSorted((a, b) => b.index.keys.length - a.index.keys.length)
  return made.flatMap(({ fix: loser, indexes: [index] }) => {
    if (loser.steps.length !== 1 || !index || index.unique) return []
    const winner = longest.find(({ fix, index: other }) => fix !== loser && isServedBy(index, other))
    return winner ? [{ loser, winner: winner.fix, because: saysServed }] : []
  })
}

/** A btree of whole columns over all rows. */
interface PlainIndex {
  readonly table: string
  readonly unique: boolean
  /** Column, order and place of nulls of each, in words. */
  readonly keys: readonly string[]
}

function isServedBy(index: PlainIndex, other: PlainIndex): boolean {
  return (
    index.table === other.table &&
    index.keys.length < other.keys.length &&
    index.keys.every((key, at) => key === other.keys[at])
  )
}

/** The plain indexes that a statement makes, also as keys. */
function indexesMade({ name: kind, node }: ParsedStatement): readonly PlainIndex[] {
  if (kind === 'AlterTableStmt') {
    const table = relationOf(node['relation'])
    return nodesIn(node['cmds']).flatMap(([, { def }]) => {
      const { contype, keys } = ((def as ParseNode | undefined)?.['Constraint'] ?? {}) as ParseNode
      const columns = contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_UNIQUE' ? stringsIn(keys) : []
      return columns.length > 0 ? [{ table, unique: true, keys: columns }] : []
    })
  }
  if (kind !== 'IndexStmt') return []
  const { relation, accessMethod, indexParams, indexIncludingParams, whereClause, unique } = node
  if ((accessMethod ?? 'btree') !== 'btree' || whereClause || indexIncludingParams) return []
  const keys = nodesIn(indexParams).map(([, { name, ordering, nulls_ordering, collation, opclass }]) => {
    if (typeof name !== 'string' || collation || opclass) return null
    const order = [ordering, nulls_ordering].filter((word) => !/DEFAULT|ASC$/.test(String(word)))
    return [name, ...order].join(' ')
  })
  return keys.includes(null) ? [] : [{ table: relationOf(relation), unique: unique === true, keys: keys as string[] }]
}

function saysSame({ rule, address }: { readonly rule: string; readonly address: string }): string {
  return `Another fix makes the same: that of ${rule} on ${address}.`
}

function saysServed({ rule, address }: { readonly rule: string; readonly address: string }): string {
  return `The fix of ${rule} on ${address} makes an index that begins with these columns and serves the same.`
}

function saysReplaced(column: string): Conflict<unknown>['because'] {
  return ({ rule, address }) =>
    `The fix of ${rule} on ${address} puts another column in the place of ${column}, and this would go with the old one; scan again after that.`
}

/** Addresses of the columns in whose place the fix puts others: it drops them in the end. */
function replacedBy({ steps }: Fix): readonly string[] {
  return steps.flatMap(({ phase, alters = [] }) => (phase === 'contract' ? alters : []))
}

/** Addresses of the columns that the constraint or index of a statement is made of. */
function columnsNeeded({ name: kind, node }: ParsedStatement): readonly string[] {
  if (kind !== 'IndexStmt' && kind !== 'AlterTableStmt') return []
  const { relation, indexParams, indexIncludingParams, whereClause, cmds } = node
  const { schemaname, relname } = (relation ?? {}) as ParseNode
  const constraints = nodesIn(cmds).flatMap(([, { subtype, def }]) => (subtype === 'AT_AddConstraint' ? [def] : []))
  const elements = [indexParams, indexIncludingParams].flatMap((list) =>
    nodesIn(list).flatMap(([, { name }]) => (typeof name === 'string' ? [name] : [])),
  )
  const named = constraints.flatMap((definition) => {
    const { fk_attrs, keys } = ((definition as ParseNode)['Constraint'] ?? {}) as ParseNode
    return [...stringsIn(fk_attrs), ...stringsIn(keys)]
  })
  const names = [...elements, ...named, ...columnNamesIn([indexParams, whereClause, constraints])]
  return names.map((name) => `${String(schemaname)}.${String(relname)}.${name}`)
}

/** What a statement makes or decides, in words that are equal when it is the same thing. */
function thingsMade({ name: kind, node }: ParsedStatement): readonly string[] {
  if (kind === 'IndexStmt') {
    const { relation, accessMethod, indexParams, indexIncludingParams, whereClause, unique } = node
    return [
      `index ${relationOf(relation)} ${meaning([accessMethod, indexParams, indexIncludingParams, whereClause, unique])}`,
    ]
  }
  if (kind !== 'AlterTableStmt') return []
  const table = relationOf(node['relation'])
  return nodesIn(node['cmds']).flatMap(([, command]) => {
    const { subtype, name } = command
    if (subtype === 'AT_AlterColumnType') return [`type of ${table}.${String(name)}`]
    if (subtype === 'AT_ColumnDefault') return [`default of ${table}.${String(name)}`]
    return subtype === 'AT_AddConstraint' ? constraintMade(table, command['def']) : []
  })
}

function constraintMade(table: string, definition: unknown): readonly string[] {
  const constraint = (definition as ParseNode | undefined)?.['Constraint'] as ParseNode | undefined
  if (!constraint) return []
  const { contype, raw_expr, fk_attrs } = constraint
  if (contype === 'CONSTR_CHECK') return [`check ${table} ${meaning(raw_expr)}`]
  return contype === 'CONSTR_FOREIGN' ? [`foreign key ${table} ${stringsIn(fk_attrs).join()}`] : []
}

function relationOf(relation: unknown): string {
  const { schemaname, relname } = (relation ?? {}) as ParseNode
  return JSON.stringify([schemaname ?? null, relname])
}

/** A tree as text, without where its parts stand. */
function meaning(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) =>
    key === 'location' || key === 'stmt_location' ? undefined : value,
  )
}
