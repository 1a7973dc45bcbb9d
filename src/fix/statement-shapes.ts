const NAME = String.raw`(?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+)`
const RELATION = String.raw`(?:${NAME}\.)?${NAME}`
const BUILDS = new RegExp(
  String.raw`^(create\s+(?:unique\s+)?index\s+concurrently\s+)(?:if\s+not\s+exists\s+)?(${NAME})(\s+on\s+(?:only\s+)?)(${NAME})\.(${NAME})`,
  'i',
)
const DROPS = new RegExp(String.raw`^(drop\s+index\s+concurrently\s+)(?:if\s+exists\s+)?((?:${NAME}\.)?(${NAME}))`, 'i')
const ADDS = new RegExp(String.raw`^alter\s+table\s+(${RELATION})\s+add\s+constraint\s+(${NAME})\s`, 'i')
const VALIDATES = new RegExp(String.raw`^alter\s+table\s+(${RELATION})\s+validate\s+constraint\s+(${NAME})\s*$`, 'i')

/** The index that a statement builds concurrently, as it is written in SQL; null when it builds none. */
export function builtIndex(sql: string): { readonly name: string; readonly qualified: string } | null {
  const [, , name, , schema] = BUILDS.exec(sql) ?? []
  return name !== undefined && schema !== undefined ? { name, qualified: `${schema}.${name}` } : null
}

/** The index that a statement drops concurrently. */
export function droppedIndex(sql: string): { readonly name: string; readonly qualified: string } | null {
  const [, , qualified, name] = DROPS.exec(sql) ?? []
  return name !== undefined && qualified !== undefined ? { name, qualified } : null
}

interface NamedConstraint {
  readonly table: string
  readonly name: string
}

/** The constraint that a statement adds. */
export function addedConstraint(sql: string): NamedConstraint | null {
  return constraintIn(ADDS, sql)
}

/** The constraint that a statement validates and does nothing else; what is valid is not checked again. */
export function validatedConstraint(sql: string): NamedConstraint | null {
  return constraintIn(VALIDATES, sql)
}

function constraintIn(shape: RegExp, sql: string): NamedConstraint | null {
  const [, table, name] = shape.exec(sql) ?? []
  return table !== undefined && name !== undefined ? { table, name } : null
}

/** The statement so that it can be run again after it succeeded. */
export function repeatable(sql: string): string {
  return sql.replace(BUILDS, '$1if not exists $2$3$4.$5').replace(DROPS, '$1if exists $2')
}

/** The same for what is dropped; what is built must fail when it is there, since it may be invalid. */
export function repeatableDrop(sql: string): string {
  return sql.replace(DROPS, '$1if exists $2')
}

/** The statement as a transaction can run it: not concurrently, and only where that was not done before. */
export function insideTransaction(sql: string): string {
  return repeatable(sql).replace(/^((?:create\s+(?:unique\s+)?|drop\s+)index\s+)concurrently\s+/i, '$1')
}

/** A name as it was before it was quoted. */
export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
