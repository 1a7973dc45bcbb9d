import { createRequire } from 'node:module'
import type ts from 'typescript'
import { follow } from './follow.js'
import { openScope, type Scope, type Text, type Value, type Work } from './value.js'

/** The SQL that migration code sends, one statement below the other. */
export interface CodeScript {
  readonly text: string
  /** Where an offset into the text was written; `file` is null for the code itself. */
  origin(offset: number): { readonly file: string | null; readonly offset: number }
  /** Calls whose SQL is not known without running the code. */
  readonly unseen: readonly Extract<Work, { does: 'unseen' }>[]
}

/** The sides of a migration. */
export type Side = 'up' | 'down'

export interface CodeSource {
  readonly path: string
  readonly text: string
  /** Transactions that the code opens count; else they lie inside the runner's. */
  readonly opensTransactions: boolean
  /** Which side of the migration; `up` when absent. */
  readonly side?: Side
  readFile(path: string): { readonly path: string; readonly text: string } | null
}

const require = createRequire(import.meta.url)

/** Whether the name is that of code that may hold a migration: a number or a time stamp, and an ending of JavaScript or TypeScript. */
export function isCodeFile(path: string): boolean {
  return (
    /(?:^|[/\\])(?:Migration)?\d{3,}[^/\\]*\.[cm]?[jt]s$/.test(path) && !/\.(?:d|test|spec)\.[cm]?[jt]s$/.test(path)
  )
}

/** Reads what one side of migration code sends to the database; the code is parsed, not run. */
export function readCode({ path, text, opensTransactions, side = 'up', readFile }: CodeSource): CodeScript {
  const typescript = require('typescript') as typeof ts
  const file = typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, true)
  const following = follow({ path, file, typescript, readFile })
  const scope = following.scopeOf()
  const work = findFunctions(typescript, { file, scope, side, evaluate: following.evaluate }).flatMap(
    ({ node, scope: around }) => following.work(node, around),
  )
  return compose(work, opensTransactions)
}

interface Entry {
  readonly node: ts.FunctionLikeDeclaration
  readonly scope: Scope
}

interface Module {
  readonly file: ts.SourceFile
  readonly scope: Scope
  readonly side: Side
  evaluate(node: ts.Expression, scope: Scope): Value
}

/** The functions that a runner calls to go up or down. */
function findFunctions(t: typeof ts, { file, scope, side, evaluate }: Module): readonly Entry[] {
  const entries: Entry[] = []
  const take = (value: Value) => {
    if (value.kind === 'function') entries.push({ node: value.node, scope: value.scope })
    if (value.kind === 'record') take(value.entries.get(side) ?? { kind: 'unknown' })
  }
  const takeClass = (node: ts.ClassLikeDeclaration) => {
    for (const member of node.members) {
      if (member.name?.getText(file) !== side) continue
      if (t.isMethodDeclaration(member)) entries.push({ node: member, scope: openScope(scope, node) })
      if (t.isPropertyDeclaration(member) && member.initializer) {
        take(evaluate(member.initializer, openScope(scope, node)))
      }
    }
  }
  for (const node of file.statements) {
    if (t.isClassDeclaration(node)) takeClass(node)
    else if (t.isFunctionDeclaration(node) && node.name?.text === side) entries.push({ node, scope })
    else if (t.isExportAssignment(node)) {
      if (t.isClassExpression(node.expression)) takeClass(node.expression)
      else take(evaluate(node.expression, scope))
    } else if (t.isVariableStatement(node)) {
      const declared = node.declarationList.declarations.find(({ name }) => name.getText(file) === side)
      if (declared?.initializer) take(evaluate(declared.initializer, scope))
    } else if (t.isExpressionStatement(node) && t.isBinaryExpression(node.expression)) {
      const { left, right } = node.expression
      const assigned = left.getText(file)
      if (assigned === `exports.${side}` || assigned === `module.exports.${side}`) {
        if (!t.isIdentifier(right) || right.text !== side) take(evaluate(right, scope))
      } else if (/^(?:module\.exports|exports\.default)$/.test(assigned)) {
        if (t.isClassExpression(right)) takeClass(right)
        else take(evaluate(right, scope))
      }
    }
  }
  return entries.slice(0, 1)
}

function compose(work: readonly Work[], opensTransactions: boolean): CodeScript {
  const spans: { readonly at: number; readonly sql: Text }[] = []
  let text = ''
  for (const one of work) {
    if (one.does === 'unseen' || (one.does === 'say' && !opensTransactions)) continue
    const sql: Text =
      one.does === 'sql'
        ? one.sql
        : { kind: 'text', text: one.sql, origins: [...one.sql].map(() => one.offset), file: null }
    if (sql.text.trim() === '') continue
    spans.push({ at: text.length, sql })
    // A line of its own, since the SQL may end with a comment.
    text += `${sql.text}\n;\n`
  }
  return {
    text,
    origin(offset) {
      const { at, sql } = spans.findLast((span) => span.at <= offset) ?? { at: 0, sql: null }
      if (!sql) return { file: null, offset: 0 }
      return { file: sql.file, offset: sql.origins[Math.min(offset - at, sql.origins.length - 1)] ?? 0 }
    },
    unseen: work.filter((one) => one.does === 'unseen'),
  }
}
