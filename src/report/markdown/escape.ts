import { printable, printableLines } from '../printable.js'

/** A bare name, with its schema and table or without. */
const NAME = /([\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*)/u

/** Plain text as Markdown that shows exactly this text on one line, in a table cell too. */
export function text(value: string): string {
  return guardBeginning(escapeMarks(value))
}

/** Inline code; as HTML where Markdown's own cannot hold the text in a table cell. */
export function code(value: string): string {
  const shown = printable(value)
  if (shown.trim() === '') return '` `'
  if (!/[|\\`]/.test(shown)) return `\`${shown}\``
  return `<code>${shown.replace(/[^\p{L}\p{N} .,:()-]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`
}

/** Text in which names that are known stand as code. */
export function textWithCode(value: string, known: ReadonlySet<string>): string {
  const parts = value.split(NAME).map((part, at) => (at % 2 === 1 && known.has(part) ? code(part) : escapeMarks(part)))
  return guardBeginning(parts.join(''))
}

/** A block of SQL that no content can close. */
export function sqlBlock(statements: readonly string[]): string {
  const body = statements.map((statement) => `${printableLines(statement).trimEnd()};`).join('\n')
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}sql\n${body}\n${fence}`
}

/** A table of cells that are Markdown already. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}

function escapeMarks(value: string): string {
  return printable(value)
    .replace(/[\\`*[\]~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('|', '&#124;')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
}

/** What would begin a list, a heading, a quotation or a rule. */
function guardBeginning(markdown: string): string {
  return markdown.replace(/^(\s*)(\d*)([-+#=>.)])/, '$1$2\\$3')
}
