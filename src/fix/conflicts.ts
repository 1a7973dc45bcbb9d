import { nodesIn, type ParseNode, parseStatement, stringsIn } from '../source/files/parse.js'
import type { Step } from './step.js'

/** A fix that has to give way, and the one that does the same. */
export interface Conflict<T> {
  readonly loser: T
  readonly winner: T
}

/**
 * Fixes that would make the same thing in another form, or the same one a second time: an index on the same keys, the same
 * CHECK, another type or default for the same column. The earlier of two stays. The parser must be loaded.
 */
export function findConflicts<T extends { readonly steps: readonly Step[] }>(
  fixes: readonly T[],
): readonly Conflict<T>[] {
  const makers = new Map<string, { readonly fix: T; readonly sql: string }>()
  const conflicts: Conflict<T>[] = []
  for (const fix of fixes) {
    const made = fix.steps.flatMap(({ sql }) => thingsMade(sql).map((thing) => ({ thing, sql })))
    const rival = made
      .map(({ thing, sql }) => ({ maker: makers.get(thing), sql }))
      .find(({ maker, sql }) => maker !== undefined && maker.sql !== sql)?.maker
    if (rival) conflicts.push({ loser: fix, winner: rival.fix })
    else for (const { thing, sql } of made) if (!makers.has(thing)) makers.set(thing, { fix, sql })
  }
  return conflicts
}

/** What a statement makes or decides, in words that are equal when it is the same thing. */
function thingsMade(sql: string): readonly string[] {
  const statement = parseStatement(sql)
  if (statement?.name === 'IndexStmt') {
    const { relation, accessMethod, indexParams, indexIncludingParams, whereClause, unique } = statement.node
    return [
      `index ${relationOf(relation)} ${meaning([accessMethod, indexParams, indexIncludingParams, whereClause, unique])}`,
    ]
  }
  if (statement?.name !== 'AlterTableStmt') return []
  const table = relationOf(statement.node['relation'])
  return nodesIn(statement.node['cmds']).flatMap(([, command]) => {
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
