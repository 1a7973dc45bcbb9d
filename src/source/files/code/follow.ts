import { dirname } from 'node:path'
import type ts from 'typescript'
import { readLiteral } from './literals.js'
import { bindBraces, bindPlaceholders, callMethodOfText } from './texts.js'
import {
  joinTexts,
  lookUp,
  openScope,
  type Scope,
  type Text,
  textAt,
  UNKNOWN,
  type Unseen,
  type Value,
  type Work,
} from './value.js'

/** A file of migration code. */
export interface Code {
  readonly path: string
  readonly file: ts.SourceFile
  readonly typescript: typeof ts
  /** The text of a file that the code names, or null when it is not there or may not be read. */
  readFile(path: string): { readonly path: string; readonly text: string } | null
}

/** Methods that hand their first argument to the database as SQL. */
const SENDS_SQL =
  /^(?:raw|query|sql|runSql|execute|executeSql|addSql|exec|unsafe|\$(?:execute|query)Raw(?:Unsafe)?|executeQuery|queryRaw|simple)$/
/** Methods that only look, or steer the client. */
const ONLY_LOOKS =
  /^(?:has(?:Table|Column|Schema|Index|Database)|get\w*|find\w*|show\w*|describe\w*|select\w*|first|pluck|count\w*|columnInfo|isTransactionActive|connect|acquireConnection|release|releaseConnection|destroy|log|on|then|catch|finally|noTransaction|func|clearTable\w*|toString|compile|fn|ref|bind|call|apply|debug|options|timeout|withSchema|isTransactional|on\w*Reject\w*)$/
const WRITES =
  /^(?:insert\w*|update\w*|del|delete\w*|truncate|upsert|increment|decrement|merge|bulk\w*|create\w*|drop\w*|alter\w*|add\w*|remove\w*|change\w*|rename\w*|batch\w*|set\w*)$/
const OPENS_TRANSACTION = /^(?:startTransaction|begin|beginTransaction)$/
const CLOSES_TRANSACTION = /^(?:commitTransaction|commit)$/
const DEEPEST = 12
const MOST_STEPS = 20_000

/** Follows code without running it: what is known of its values, and what it asks the database to do. */
export function follow(code: Code) {
  const { typescript: t, file } = code
  const source = file.text
  let depth = 0
  let steps = 0
  let done: Work[] = []

  const startOf = (node: ts.Node) => node.getStart(file)
  const shown = (node: ts.Node) => source.slice(startOf(node), node.end).replace(/\s+/g, ' ').slice(0, 60)
  const unseen = (what: string, why: Unseen, node: ts.Node): Work => ({
    does: 'unseen',
    what,
    why,
    offset: startOf(node),
  })

  /** Everything that a body asks for while `inside` runs. */
  const gather = (inside: () => void): readonly Work[] => {
    const outer = done
    done = []
    try {
      inside()
      return done
    } finally {
      done = outer
    }
  }
  /** What stands as a statement of its own, or is awaited, happens. */
  const settle = (value: Value): Value => {
    if (value.kind === 'list') return { kind: 'list', items: value.items.map(settle) }
    if (value.kind !== 'work') return value
    done.push(...value.work)
    return UNKNOWN
  }

  function declare(statements: readonly ts.Node[], scope: Scope): void {
    for (const node of statements) {
      if (t.isFunctionDeclaration(node) && node.name) {
        scope.names.set(node.name.text, () => ({ kind: 'function', node, scope }))
      } else if (t.isVariableStatement(node)) declareVariables(node.declarationList, scope)
      else if (t.isEnumDeclaration(node)) {
        const entries = node.members.flatMap((member): [string, Value][] =>
          member.initializer ? [[member.name.getText(file), evaluate(member.initializer, scope)]] : [],
        )
        scope.names.set(node.name.text, () => ({ kind: 'record', entries: new Map(entries) }))
      }
    }
  }
  /** Only what cannot change afterwards is known; the rest is evaluated where it stands. */
  function declareVariables(list: ts.VariableDeclarationList, scope: Scope): void {
    const constant = (list.flags & t.NodeFlags.Const) !== 0
    for (const { name, initializer } of list.declarations) {
      if (!t.isIdentifier(name)) continue
      let value: Value | undefined
      scope.names.set(name.text, () => {
        if (value) return value
        value = UNKNOWN
        const steady = initializer && (constant || !isAssigned(name.text))
        return (value = steady ? evaluate(initializer, scope) : UNKNOWN)
      })
    }
  }
  function isAssigned(name: string): boolean {
    return new RegExp(String.raw`(?<![\w$.])${name.replace(/\$/g, '\\$')}\s*(?:[-+*/%&|^?]{0,3}=(?!=|>)|\+\+|--)`).test(
      source.replace(new RegExp(String.raw`\b(?:let|var)\s+${name.replace(/\$/g, '\\$')}\s*(?::[^=]+)?=`), ''),
    )
  }

  function runBlock(statements: readonly ts.Statement[], outer: Scope): Value {
    const scope = openScope(outer)
    declare(statements, scope)
    let returned: Value = UNKNOWN
    for (const statement of statements) returned = runStatement(statement, scope) ?? returned
    return returned
  }

  function runStatement(node: ts.Statement, scope: Scope): Value | undefined {
    if (++steps > MOST_STEPS) return undefined
    if (t.isExpressionStatement(node)) settle(evaluate(node.expression, scope))
    else if (t.isReturnStatement(node)) return node.expression ? settle(evaluate(node.expression, scope)) : UNKNOWN
    else if (t.isVariableStatement(node)) {
      for (const { name, initializer } of node.declarationList.declarations) {
        if (!initializer) continue
        if (t.isIdentifier(name)) lookUp(scope, name.text)
        else evaluate(initializer, scope)
      }
    } else if (t.isBlock(node)) return runBlock(node.statements, scope)
    else if (t.isIfStatement(node)) {
      evaluate(node.expression, scope)
      runStatement(node.thenStatement, openScope(scope))
      if (node.elseStatement) runStatement(node.elseStatement, openScope(scope))
    } else if (t.isForOfStatement(node)) runLoop(node, scope)
    else if (t.isForStatement(node) || t.isWhileStatement(node) || t.isDoStatement(node) || t.isForInStatement(node)) {
      runStatement(node.statement, openScope(scope))
    } else if (t.isTryStatement(node)) {
      runBlock(node.tryBlock.statements, scope)
      if (node.finallyBlock) runBlock(node.finallyBlock.statements, scope)
    } else if (t.isSwitchStatement(node)) {
      for (const clause of node.caseBlock.clauses) runBlock(clause.statements, scope)
    }
    return undefined
  }

  function runLoop(node: ts.ForOfStatement, scope: Scope): void {
    const list = evaluate(node.expression, scope)
    const name = t.isVariableDeclarationList(node.initializer) ? node.initializer.declarations[0]?.name : undefined
    for (const item of list.kind === 'list' ? list.items : [UNKNOWN]) {
      const inside = openScope(scope)
      if (name) bind(name, item, inside)
      runStatement(node.statement, inside)
    }
  }

  function bind(name: ts.BindingName, value: Value, scope: Scope): void {
    if (t.isIdentifier(name)) return void scope.names.set(name.text, () => value)
    for (const [index, element] of name.elements.entries()) {
      if (!t.isBindingElement(element)) continue
      const key = t.isArrayBindingPattern(name) ? index : (element.propertyName ?? element.name).getText(file)
      bind(element.name, memberOf(value, String(key)), scope)
    }
  }

  function callFunction(node: ts.FunctionLikeDeclaration, scope: Scope, values: readonly Value[]): Value {
    if (depth >= DEEPEST || !node.body) return UNKNOWN
    depth++
    try {
      const inside = openScope(scope, t.isMethodDeclaration(node) ? selfOf(node) : scope.self)
      for (const [index, { name, initializer }] of node.parameters.entries()) {
        bind(name, values[index] ?? (initializer ? evaluate(initializer, scope) : UNKNOWN), inside)
      }
      return t.isBlock(node.body) ? runBlock(node.body.statements, inside) : settle(evaluate(node.body, inside))
    } finally {
      depth--
    }
  }
  function selfOf(node: ts.Node): Scope['self'] {
    return node.parent && t.isClassLike(node.parent) ? node.parent : null
  }

  function memberOf(value: Value, name: string): Value {
    if (value.kind === 'handle') return { kind: 'handle', path: `${value.path}.${name}` }
    if (value.kind === 'record') return value.entries.get(name) ?? UNKNOWN
    if (value.kind === 'list') return value.items[Number(name)] ?? UNKNOWN
    return UNKNOWN
  }

  function evaluate(node: ts.Expression, scope: Scope): Value {
    if (++steps > MOST_STEPS) return UNKNOWN
    if (t.isStringLiteral(node)) return readLiteral(source, startOf(node) + 1, node.end - 1)
    if (t.isNoSubstitutionTemplateLiteral(node)) return readLiteral(source, startOf(node) + 1, node.end - 1)
    if (t.isNumericLiteral(node)) return readLiteral(source, startOf(node), node.end, true)
    if (t.isTemplateExpression(node)) return readTemplate(node, scope, false, (value) => value)
    if (t.isTaggedTemplateExpression(node)) return readTagged(node, scope)
    if (
      t.isParenthesizedExpression(node) ||
      t.isAsExpression(node) ||
      t.isNonNullExpression(node) ||
      t.isSatisfiesExpression(node) ||
      t.isTypeAssertionExpression(node)
    )
      return evaluate(node.expression, scope)
    if (t.isAwaitExpression(node)) return settle(evaluate(node.expression, scope))
    if (t.isIdentifier(node))
      return node.text === '__dirname' ? textAt(dirname(code.path), startOf(node)) : lookUp(scope, node.text)
    if (node.kind === t.SyntaxKind.ThisKeyword) return { kind: 'handle', path: 'this' }
    if (t.isBinaryExpression(node)) return evaluateBinary(node, scope)
    if (t.isConditionalExpression(node)) {
      evaluate(node.condition, scope)
      return UNKNOWN
    }
    if (t.isPropertyAccessExpression(node)) return readProperty(node, scope)
    if (t.isElementAccessExpression(node)) {
      const key = evaluate(node.argumentExpression, scope)
      return key.kind === 'text' ? memberOf(evaluate(node.expression, scope), key.text) : UNKNOWN
    }
    if (t.isArrayLiteralExpression(node))
      return { kind: 'list', items: node.elements.map((item) => evaluate(item, scope)) }
    if (t.isObjectLiteralExpression(node)) return readObject(node, scope)
    if (t.isArrowFunction(node) || t.isFunctionExpression(node)) return { kind: 'function', node, scope }
    if (t.isCallExpression(node)) return evaluateCall(node, scope)
    return UNKNOWN
  }

  function readProperty(node: ts.PropertyAccessExpression, scope: Scope): Value {
    const name = node.name.text
    const own = node.expression.kind === t.SyntaxKind.ThisKeyword ? ownMember(scope, name) : undefined
    if (own && t.isPropertyDeclaration(own) && own.initializer) return evaluate(own.initializer, scope)
    if (own && t.isMethodDeclaration(own)) return { kind: 'function', node: own, scope }
    return memberOf(evaluate(node.expression, scope), name)
  }
  function ownMember(scope: Scope, name: string): ts.ClassElement | undefined {
    return scope.self?.members.find((member) => member.name?.getText(file) === name)
  }

  function readObject(node: ts.ObjectLiteralExpression, scope: Scope): Value {
    const entries = new Map<string, Value>()
    for (const property of node.properties) {
      const name = property.name && !t.isComputedPropertyName(property.name) ? property.name : undefined
      if (!name) continue
      const key = t.isStringLiteralLike(name) ? name.text : name.getText(file)
      if (t.isPropertyAssignment(property)) entries.set(key, evaluate(property.initializer, scope))
      else if (t.isShorthandPropertyAssignment(property)) entries.set(key, lookUp(scope, property.name.text))
      else if (t.isMethodDeclaration(property)) entries.set(key, { kind: 'function', node: property, scope })
    }
    return { kind: 'record', entries }
  }

  function evaluateBinary(node: ts.BinaryExpression, scope: Scope): Value {
    const left = evaluate(node.left, scope)
    const right = evaluate(node.right, scope)
    if (node.operatorToken.kind !== t.SyntaxKind.PlusToken) return UNKNOWN
    return (left.kind === 'text' && right.kind === 'text' && joinTexts([left, right])) || UNKNOWN
  }

  /** The template's text, with what `read` makes of each value; unknown when one is not known. */
  function readTemplate(
    node: ts.TemplateExpression,
    scope: Scope,
    raw: boolean,
    read: (value: Value, node: ts.Expression) => Value,
  ): Value {
    const texts: Text[] = [readLiteral(source, startOf(node.head) + 1, node.head.end - 2, raw)]
    for (const { expression, literal } of node.templateSpans) {
      const value = read(evaluate(expression, scope), expression)
      if (value.kind !== 'text') return UNKNOWN
      const end = literal.end - (literal.kind === t.SyntaxKind.TemplateTail ? 1 : 2)
      texts.push(value, readLiteral(source, startOf(literal) + 1, end, raw))
    }
    return joinTexts(texts) ?? UNKNOWN
  }

  /** `sql`…``, `Prisma.sql`…``, `knex.raw`…``, `String.raw`…``; a plain value inside is a parameter. */
  function readTagged({ tag, template }: ts.TaggedTemplateExpression, scope: Scope): Value {
    const name = t.isPropertyAccessExpression(tag) ? tag.name.text : tag.getText(file)
    const raw = t.isPropertyAccessExpression(tag) && tag.expression.getText(file) === 'String'
    const text: Value = t.isNoSubstitutionTemplateLiteral(template)
      ? readLiteral(source, startOf(template) + 1, template.end - 1, raw)
      : readTemplate(template, scope, raw, (value, node) => {
          const fragment =
            t.isCallExpression(node) || t.isTaggedTemplateExpression(node) || raw || !/sql|raw/i.test(name)
          if (fragment || value.kind !== 'text') return value
          return bindPlaceholders(textAt('?', startOf(node)), { kind: 'list', items: [value] }) ?? UNKNOWN
        })
    const handle = t.isPropertyAccessExpression(tag) ? evaluate(tag.expression, scope) : UNKNOWN
    if (handle.kind === 'handle' && SENDS_SQL.test(name)) return toWork(`${handle.path}.${name}`, text, tag)
    return text
  }

  function toWork(path: string, text: Value | null, node: ts.Node): Value {
    const work: Work = text?.kind === 'text' ? { does: 'sql', sql: text } : unseen(path, 'unresolved', node)
    return { kind: 'work', path, work: [work] }
  }

  function evaluateCall(node: ts.CallExpression, scope: Scope): Value {
    const { expression: callee } = node
    const values = () => node.arguments.map((argument) => evaluate(argument, scope))
    if (t.isPropertyAccessExpression(callee)) {
      const name = callee.name.text
      const own = callee.expression.kind === t.SyntaxKind.ThisKeyword ? ownMember(scope, name) : undefined
      if (own && t.isMethodDeclaration(own)) return callFunction(own, scope, values())
      return callMethod(node, callee, name, evaluate(callee.expression, scope), scope)
    }
    const called = evaluate(callee, scope)
    if (called.kind === 'function') return callFunction(called.node, called.scope, values())
    if (called.kind === 'handle') return { kind: 'work', path: called.path, work: [] }
    return callUnknown(node, callee, values())
  }

  /** Code that is not in this file may do anything with a handle that it is given. */
  function callUnknown(node: ts.CallExpression, callee: ts.Expression, values: readonly Value[]): Value {
    const path = callee.getText(file)
    if (/(?:^|\.)(?:readFileSync|readFile)$/.test(path)) return readNamedFile(values[0]) ?? UNKNOWN
    if (/(?:^|\.)(?:join|resolve)$/.test(path) && values.every((value) => value.kind === 'text')) {
      const parts = values.map((value) => (value as Text).text)
      return textAt(parts.join('/'), startOf(node))
    }
    if (/^Promise\.all(?:Settled)?$/.test(path)) return values[0] ?? UNKNOWN
    if (/^Promise\.resolve$/.test(path)) return values[0] ?? UNKNOWN
    if (/^Object\.(?:entries|keys|values)$/.test(path)) return listRecord(values[0], path, node)
    if (/(?:^|\.)(?:dedent|stripIndent|outdent|raw|lit|literal)$/.test(path) && values[0]?.kind === 'text')
      return values[0]
    for (const value of values) settleCallback(value)
    return values.some(({ kind }) => kind === 'handle')
      ? { kind: 'work', path, work: [unseen(shown(node), 'elsewhere', node)] }
      : UNKNOWN
  }
  function settleCallback(value: Value): void {
    if (value.kind === 'function')
      callFunction(
        value.node,
        value.scope,
        value.node.parameters.map(() => UNKNOWN),
      )
  }
  function listRecord(value: Value | undefined, path: string, node: ts.Node): Value {
    if (value?.kind !== 'record') return UNKNOWN
    const items = [...value.entries].map(([key, entry]): Value => {
      const name = textAt(key, startOf(node))
      if (path.endsWith('keys')) return name
      return path.endsWith('values') ? entry : { kind: 'list', items: [name, entry] }
    })
    return { kind: 'list', items }
  }
  function readNamedFile(path: Value | undefined): Text | null {
    const found = path?.kind === 'text' ? code.readFile(path.text) : null
    return found && { kind: 'text', text: found.text, origins: Array.from(found.text, (_, at) => at), file: found.path }
  }

  function callMethod(
    node: ts.CallExpression,
    callee: ts.PropertyAccessExpression,
    name: string,
    receiver: Value,
    scope: Scope,
  ): Value {
    const argument = (index: number): Value => {
      const found = node.arguments[index]
      return found ? evaluate(found, scope) : UNKNOWN
    }
    switch (receiver.kind) {
      case 'text':
        // `sql`…`.execute(db)`
        if (name === 'execute') return toWork('sql', receiver, node)
        return callMethodOfText(
          receiver,
          name,
          node.arguments.map((_, index) => argument(index)),
          startOf(node),
        )
      case 'list':
        return callMethodOfList(receiver.items, name, argument, node)
      case 'record': {
        const member = memberOf(receiver, name)
        return member.kind === 'function'
          ? callFunction(
              member.node,
              member.scope,
              node.arguments.map((_, index) => argument(index)),
            )
          : UNKNOWN
      }
      case 'function':
      case 'unknown':
        if (t.isTaggedTemplateExpression(callee.expression) && name === 'execute') return toWork('sql', null, node)
        return callUnknown(
          node,
          callee,
          node.arguments.map((_, index) => argument(index)),
        )
      case 'handle':
      case 'work':
        return callHandle(node, name, receiver, argument)
    }
  }

  function callMethodOfList(
    items: readonly Value[],
    name: string,
    argument: (index: number) => Value,
    node: ts.Node,
  ): Value {
    const first = argument(0)
    if (name === 'join') {
      const separator = first.kind === 'text' ? first : textAt(',', startOf(node))
      const texts = items.flatMap((item, index) => (index === 0 ? [item] : [separator, item]))
      return texts.every((text): text is Text => text.kind === 'text') ? (joinTexts(texts) ?? UNKNOWN) : UNKNOWN
    }
    if (name === 'concat' && first.kind === 'list') return { kind: 'list', items: [...items, ...first.items] }
    if (/^(?:filter|slice|sort|reverse|toSorted)$/.test(name))
      return name === 'filter' ? UNKNOWN : { kind: 'list', items }
    if (!/^(?:map|forEach|flatMap)$/.test(name) || first.kind !== 'function') return UNKNOWN
    return {
      kind: 'list',
      items: items.map((item, index) =>
        callFunction(first.node, first.scope, [item, textAt(String(index), startOf(node))]),
      ),
    }
  }

  function callHandle(
    node: ts.CallExpression,
    name: string,
    receiver: Extract<Value, { kind: 'handle' | 'work' }>,
    argument: (index: number) => Value,
  ): Value {
    const before = receiver.kind === 'work' ? receiver.work : []
    const path = `${receiver.path}.${name}`
    const also = (...work: readonly Work[]): Value => ({
      kind: 'work',
      path: receiver.path,
      work: [...before, ...work],
    })
    if (name === 'transaction' || (name === 'execute' && receiver.path.endsWith('transaction'))) {
      const body = node.arguments.map((_, index) => argument(index)).find(({ kind }) => kind === 'function')
      if (body?.kind !== 'function') return { kind: 'work', path, work: before }
      const work = gather(() => callFunction(body.node, body.scope, [{ kind: 'handle', path: receiver.path }]))
      const offset = startOf(node)
      return also({ does: 'say', sql: 'begin', offset }, ...work, { does: 'say', sql: 'commit', offset })
    }
    if (/^(?:then|finally)$/.test(name)) {
      const body = argument(0)
      return also(...gather(() => settleCallback(body)))
    }
    if (OPENS_TRANSACTION.test(name)) return also({ does: 'say', sql: 'begin', offset: startOf(node) })
    if (CLOSES_TRANSACTION.test(name)) return also({ does: 'say', sql: 'commit', offset: startOf(node) })
    if (SENDS_SQL.test(name)) {
      if (node.arguments.length === 0) return also()
      const given = argument(0)
      if (given.kind === 'work' && name.startsWith('execute')) return also(...given.work)
      const values = node.arguments.length > 1 ? argument(1) : null
      const bind =
        name === 'sql' && values
          ? () => bindBraces(given as Text, values)
          : () => bindPlaceholders(given as Text, values)
      const bound = given.kind === 'text' ? bind() : null
      return also(bound ? { does: 'sql', sql: bound } : unseen(path, 'unresolved', node))
    }
    if (ONLY_LOOKS.test(name)) {
      // A callback may do more than look.
      return also(...gather(() => node.arguments.forEach((_, index) => settleCallback(argument(index)))))
    }
    // A chain is one call: `knex('t').where(…).update(…)`, `schema.createTable('t').addColumn(…)`.
    const built = before.at(-1)?.does === 'unseen'
    if (receiver.kind === 'work' && (built || !WRITES.test(name))) return also()
    return also(unseen(path, 'built', node))
  }

  return {
    /** What a function asks for when it is called with handles of these names. */
    work(node: ts.FunctionLikeDeclaration, scope: Scope): readonly Work[] {
      const handles = node.parameters.map(({ name }): Value => ({
        kind: 'handle',
        path: t.isIdentifier(name) ? name.text : 'database',
      }))
      return gather(() => void callFunction(node, scope, handles))
    },
    /** The names that a file defines. */
    scopeOf(): Scope {
      const scope = openScope(null)
      declare(file.statements, scope)
      return scope
    },
    evaluate,
  }
}
