import type { Table } from '../evidence/catalog/model.js'
import { quoteIdentifier } from '../quote.js'
import { type ParseNode, parseStatement } from '../source/files/parse.js'

const NAME = /^(?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+)(?:\.(?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+))?/

/** A query with a subquery in the place of a table that it names with its schema, under the same name. The text itself where the parser refuses it, or the table is not in it. */
export function readThrough(query: string, table: Table, subquery: string): string {
  const statement = parseStatement(query)
  if (!statement) return query
  const places = [...rangesOf(statement.node)]
    .filter(({ relname, schemaname }) => relname === table.name && schemaname === table.schema.name)
    .map(({ location, alias }) => ({ at: statement.offset(location), isNamed: alias !== undefined }))
  return places
    .toSorted((a, b) => b.at - a.at)
    .reduce((text, { at, isNamed }) => {
      const [written = ''] = NAME.exec(text.slice(at)) ?? []
      const name = isNamed ? '' : ` as ${quoteIdentifier(table.name)}`
      return `${text.slice(0, at)}${subquery}${name}${text.slice(at + written.length)}`
    }, query)
}

function* rangesOf(node: unknown): Generator<ParseNode> {
  if (typeof node !== 'object' || node === null) return
  const range = node as ParseNode
  if (typeof range['relname'] === 'string') yield range
  for (const part of Object.values(range)) yield* rangesOf(part)
}
