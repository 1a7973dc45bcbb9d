const NAME = String.raw`((?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+))*)`
const CREATED = new RegExp(
  String.raw`^create\s+(?:or\s+replace\s+)?(?:(?:global|local|temp|temporary|unlogged|unique|materialized|recursive|foreign|constraint|trusted|procedural)\s+)*(?:table|view|type|domain|function|procedure|aggregate|sequence|index|schema|extension|trigger|server|collation|operator|role|user|publication)\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?${NAME}`,
  'i',
)
const ALTERED = /^alter\s+(?:foreign\s+)?(?:table|type)\b/i
const ADDED = new RegExp(
  String.raw`\b(?:add\s+(?:column\s+|constraint\s+|attribute\s+)?(?:if\s+not\s+exists\s+)?|rename\s+(?:[\w"]+\s+|column\s+[\w"]+\s+)?to\s+)${NAME}`,
  'gi',
)
const MISSING = new RegExp(
  String.raw`\b(?:relation|type|function|procedure|aggregate|column|schema|constraint|index|table|view|sequence|trigger|collation|server|extension|publication|key "|referenced table)\s+(?:"([^"]+)"|${NAME})`,
  'gi',
)

/** Names that a statement would define if it ran: the last part, unquoted. */
export function namesDefined(text: string): readonly string[] {
  const head = text.slice(0, 4000)
  const created = CREATED.exec(head)?.[1]
  const added = ALTERED.test(head) ? [...head.matchAll(ADDED)].flatMap(([, name]) => name ?? []) : []
  return [...(created ? [created] : []), ...added].map(lastPart)
}

/** Names that an error message calls missing: the last part, unquoted. */
export function missingNames(message: string): readonly string[] {
  return [...message.matchAll(MISSING)].map(([, quoted, bare]) => lastPart(quoted ?? bare ?? ''))
}

function lastPart(name: string): string {
  const last = /(?:"((?:[^"]|"")*)"|([^".\s]+))\s*$/.exec(name)
  return (last?.[1] ?? last?.[2] ?? name).toLowerCase()
}
