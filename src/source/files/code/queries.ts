import { createRequire } from 'node:module'
import type ts from 'typescript'
import { readLiteral } from './literals.js'
import { joinTexts, type Text, textAt } from './value.js'

/** A statement that code sends, with `$n` for what is only known when it runs. */
export interface CodeQuery {
  readonly sql: string
  /** Where it begins in the code. */
  readonly offset: number
  /** What the code calls it: the statement's name, else the function that it stands in; null for neither. */
  readonly name: string | null
  /** It is sent once for each element of something, with a value of the element. */
  readonly loop: CodeLoop | null
}

export interface CodeLoop {
  readonly offset: number
  /** Offset of the statement before it in the same function, whose rows it goes through as far as can be seen; null for none. */
  readonly behind: number | null
}

/** What was found in a file, and how many calls send something whose text is put together while the code runs. */
export interface CodeQueries {
  readonly queries: readonly CodeQuery[]
  readonly unresolved: readonly number[]
}

const require = createRequire(import.meta.url)

/** Whether the name is that of an application's JavaScript or TypeScript; declarations and tests are not. */
export function isApplicationCode(path: string): boolean {
  return (
    /\.[cm]?[jt]sx?$/.test(path) &&
    !/\.(?:d|test|spec|stories|config)\.[cm]?[jt]sx?$|(?:^|[/\\])__\w+__[/\\]/.test(path)
  )
}

/** Methods that take SQL as text: of pg, pg-promise, knex, TypeORM, Sequelize, Prisma, postgres.js. */
const TAKES_SQL =
  /^(?:query|raw|unsafe|execute|none|one|oneOrNone|many|manyOrNone|any|result|each|task|prepare|executeSql|\$(?:query|execute)RawUnsafe|queryRaw)$/
const TAGS = /(?:^|\.|\$)(?:sql|SQL|raw|queryRaw|executeRaw|query|join)$/
/** A word such as `Select` begins sentences, too: a SELECT reads from something or calls something. */
const BEGINS_QUERY =
  /^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*(?:select\b[\s\S]*?(?:\bfrom\b|\()|insert\s+into\b|update\b[\s\S]*?\bset\b|delete\s+from\b|merge\s+into\b|with\b[\s\S]*?\bas\b)/i
/** Methods that call a function for each element. */
const LOOPS = /^(?:map|forEach|flatMap|filter|reduce|each|mapSeries|eachSeries)$/

/** Finds the SQL that an application's code sends; the code is parsed, not run. */
export function readQueriesInCode(path: string, text: string): CodeQueries {
  const t = require('typescript') as typeof ts
  const kind = path.endsWith('x') ? t.ScriptKind.TSX : t.ScriptKind.TS
  const file = t.createSourceFile(path, text, t.ScriptTarget.Latest, true, kind)
  const found: (CodeQuery & { readonly node: ts.Node })[] = []
  const unresolved: number[] = []

  const take = (sql: Text | null, node: ts.Node, argumentsOf: readonly ts.Node[], name: string | null) => {
    if (!sql || !BEGINS_QUERY.test(sql.text)) return
    const begin = sql.text.length - sql.text.trimStart().length
    const offset = sql.origins[begin] ?? node.getStart(file)
    const loop = loopAround(t, node, argumentsOf, file)
    const before = loop
      ? found.findLast(
          (other) => other.node.end <= loop.getStart(file) && functionAround(t, other.node) === functionAround(t, loop),
        )
      : undefined
    found.push({
      sql: numberHoles(sql.text),
      offset,
      name: name ?? nameOfFunction(t, node, file),
      loop: loop && { offset: loop.getStart(file), behind: before?.offset ?? null },
      node,
    })
  }
  const visit = (node: ts.Node): void => {
    if (t.isTaggedTemplateExpression(node)) {
      const tag = node.tag.getText(file).replace(/<[\s\S]*$/, '')
      if (TAGS.test(tag) && !isInsideTemplate(t, node)) {
        const holes = t.isTemplateExpression(node.template) ? node.template.templateSpans : []
        take(readTemplate(node.template), node, [...holes], null)
      }
    } else if (t.isCallExpression(node)) {
      const [first, ...others] = node.arguments
      const method = t.isPropertyAccessExpression(node.expression) ? node.expression.name.text : ''
      if (first && TAKES_SQL.test(method)) {
        const config = t.isObjectLiteralExpression(first) ? first : null
        const named = config ? literalOf(propertyOf(config, 'name')) : null
        const source = config ? (propertyOf(config, 'text') ?? propertyOf(config, 'sql')) : first
        const sql = source && !t.isTaggedTemplateExpression(source) ? evaluate(source, 0) : null
        if (sql) take(sql, node, [...others, first], named ?? (source && t.isIdentifier(source) ? source.text : null))
        else if (source && isComposed(source)) unresolved.push(node.getStart(file))
      }
    }
    t.forEachChild(node, visit)
  }
  /** Text that begins as a statement, and goes on in a way that cannot be followed. */
  const isComposed = (node: ts.Expression): boolean =>
    t.isBinaryExpression(node) && BEGINS_QUERY.test(evaluate(leftmost(node), 0)?.text ?? '')
  const leftmost = (node: ts.Expression): ts.Expression => (t.isBinaryExpression(node) ? leftmost(node.left) : node)

  const evaluate = (node: ts.Expression, depth: number): Text | null => {
    if (depth > 6) return null
    if (t.isStringLiteral(node) || t.isNoSubstitutionTemplateLiteral(node))
      return readLiteral(text, node.getStart(file) + 1, node.end - 1)
    if (t.isTemplateExpression(node)) return readTemplate(node)
    if (t.isTaggedTemplateExpression(node)) return readTemplate(node.template)
    if (t.isParenthesizedExpression(node) || t.isAsExpression(node) || t.isNonNullExpression(node))
      return evaluate(node.expression, depth + 1)
    if (t.isBinaryExpression(node) && node.operatorToken.kind === t.SyntaxKind.PlusToken) {
      const sides = [evaluate(node.left, depth + 1), evaluate(node.right, depth + 1)]
      return sides[0] && sides[1] ? joinTexts([sides[0], sides[1]]) : null
    }
    if (
      t.isCallExpression(node) &&
      t.isPropertyAccessExpression(node.expression) &&
      node.expression.name.text === 'trim'
    )
      return evaluate(node.expression.expression, depth + 1)
    if (t.isIdentifier(node)) {
      const declared = constants.get(node.text)
      return declared ? evaluate(declared, depth + 1) : null
    }
    return null
  }
  const readTemplate = (template: ts.TemplateLiteral): Text | null => {
    if (t.isNoSubstitutionTemplateLiteral(template))
      return readLiteral(text, template.getStart(file) + 1, template.end - 1)
    const parts: Text[] = [readLiteral(text, template.head.getStart(file) + 1, template.head.end - 2)]
    for (const { expression, literal } of template.templateSpans) {
      const isText = !t.isStringLiteral(expression)
      const known = isText ? evaluate(expression, 1) : null
      const end = literal.kind === t.SyntaxKind.TemplateTail ? literal.end - 1 : literal.end - 2
      parts.push(known ?? textAt(HOLE, expression.getStart(file)), readLiteral(text, literal.getStart(file) + 1, end))
    }
    return joinTexts(parts)
  }
  const literalOf = (node: ts.Expression | undefined) => (node && t.isStringLiteralLike(node) ? node.text : null)
  const propertyOf = (object: ts.ObjectLiteralExpression, key: string): ts.Expression | undefined => {
    for (const property of object.properties) {
      if (!property.name || property.name.getText(file) !== key) continue
      if (t.isPropertyAssignment(property)) return property.initializer
      if (t.isShorthandPropertyAssignment(property)) return property.name
    }
    return undefined
  }
  const constants = findConstants(t, file)
  visit(file)
  return { queries: found.map(({ sql, offset, name, loop }) => ({ sql, offset, name, loop })), unresolved }
}

/** What stands for a value until all of them are numbered. */
const HOLE = '\u0000'

function numberHoles(sql: string): string {
  let last = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  return sql.replaceAll(HOLE, () => `$${++last}`)
}

/** Names that are declared once in the file, as constants. */
function findConstants(t: typeof ts, file: ts.SourceFile): ReadonlyMap<string, ts.Expression> {
  const found = new Map<string, ts.Expression | null>()
  const visit = (node: ts.Node): void => {
    if (t.isVariableDeclaration(node) && t.isIdentifier(node.name) && node.initializer) {
      const isConstant = (t.getCombinedNodeFlags(node) & t.NodeFlags.Const) !== 0
      found.set(node.name.text, isConstant && !found.has(node.name.text) ? node.initializer : null)
    } else if (t.isParameter(node) && t.isIdentifier(node.name)) found.set(node.name.text, null)
    t.forEachChild(node, visit)
  }
  visit(file)
  return new Map([...found].filter((entry): entry is [string, ts.Expression] => entry[1] !== null))
}

function isInsideTemplate(t: typeof ts, node: ts.Node): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (t.isTaggedTemplateExpression(at)) return true
    if (t.isStatement(at)) return false
  }
  return false
}

/** The loop around a call that hands it something of its element; a function that is no callback of a loop ends the search. */
function loopAround(t: typeof ts, node: ts.Node, given: readonly ts.Node[], file: ts.SourceFile): ts.Node | null {
  const uses = (names: readonly string[]) =>
    names.some((name) =>
      given.some((one) =>
        new RegExp(String.raw`(?<![\w$.])${name.replaceAll('$', String.raw`\$`)}(?![\w$])`).test(one.getText(file)),
      ),
    )
  for (let at: ts.Node = node; at.parent; at = at.parent) {
    const around = at.parent
    if ((t.isForOfStatement(around) || t.isForInStatement(around)) && at === around.statement) {
      const names = t.isVariableDeclarationList(around.initializer)
        ? around.initializer.declarations.flatMap(({ name }) => namesIn(t, name))
        : []
      return uses([...names, ...derived(t, around.statement, names, file)]) ? around : null
    }
    if (t.isArrowFunction(around) || t.isFunctionExpression(around)) {
      const call = around.parent
      if (!t.isCallExpression(call) || !t.isPropertyAccessExpression(call.expression)) return null
      if (!LOOPS.test(call.expression.name.text)) return null
      const names = around.parameters.flatMap(({ name }) => namesIn(t, name))
      return uses([...names, ...derived(t, around.body, names, file)]) ? call : null
    }
    if (t.isFunctionLike(around)) return null
  }
  return null
}

/** Names inside a loop's body that are made of its element. */
function derived(t: typeof ts, body: ts.Node, names: readonly string[], file: ts.SourceFile): readonly string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (t.isVariableDeclaration(node) && node.initializer) {
      const text = node.initializer.getText(file)
      if (
        [...names, ...found].some((name) =>
          new RegExp(String.raw`(?<![\w$.])${name.replaceAll('$', String.raw`\$`)}(?![\w$])`).test(text),
        )
      )
        found.push(...namesIn(t, node.name))
    }
    t.forEachChild(node, visit)
  }
  visit(body)
  return found
}

function namesIn(t: typeof ts, name: ts.BindingName): readonly string[] {
  if (t.isIdentifier(name)) return [name.text]
  return name.elements.flatMap((element) => (t.isBindingElement(element) ? namesIn(t, element.name) : []))
}

function functionAround(t: typeof ts, node: ts.Node): ts.Node | null {
  for (let at = node.parent; at; at = at.parent) {
    if (!t.isFunctionLike(at)) continue
    const isCallback = (t.isArrowFunction(at) || t.isFunctionExpression(at)) && t.isCallExpression(at.parent)
    if (!isCallback) return at
  }
  return null
}

function nameOfFunction(t: typeof ts, node: ts.Node, file: ts.SourceFile): string | null {
  for (let at: ts.Node | undefined = node; at; at = at.parent) {
    if ((t.isFunctionDeclaration(at) || t.isMethodDeclaration(at)) && at.name) return at.name.getText(file)
    if ((t.isVariableDeclaration(at) || t.isPropertyAssignment(at) || t.isPropertyDeclaration(at)) && at.initializer) {
      if (t.isArrowFunction(at.initializer) || t.isFunctionExpression(at.initializer)) return at.name.getText(file)
      // A constant that holds the statement itself.
      if (t.isVariableDeclaration(at) && t.isSourceFile(at.parent.parent.parent)) return at.name.getText(file)
    }
  }
  return null
}
