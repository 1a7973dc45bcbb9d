import { printable, printableLines } from '../printable.js'

/** Text that is HTML already. */
export interface Markup {
  readonly html: string
}

/** What stands in a template: text is escaped, markup is not, lists are joined, nothing is left out. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[]

/** Text as HTML that shows exactly this text on one line, in an element or in an attribute with double quotes. */
export function escape(value: string): string {
  return escapeMarks(printable(value))
}

/** Makes markup from a template whose text parts are escaped; the only maker of markup from foreign text. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let html = strings[0] ?? ''
  for (const [at, part] of parts.entries()) html += render(part) + (strings[at + 1] ?? '')
  return { html }
}

/** Parts with something between them. */
export function join(parts: readonly Part[], separator: Part): Part {
  return parts.flatMap((part, at) => (at === 0 ? [part] : [separator, part]))
}

/** Text whose line ends and tabs are shown. */
export function lines(value: string): Markup {
  return { html: escapeMarks(printableLines(value)) }
}

/** Inline code; an empty name can be seen too. */
export function code(value: string): Markup {
  return markup`<code>${value === '' ? '\u00a0' : value}</code>`
}

/** Inline code that may go on in the next line after a point or an underscore. */
export function breakable(value: string): Markup {
  return { html: code(value).html.replace(/[._](?=[^._<])/g, '$&<wbr>') }
}

/** A bare name, with its schema and table or without. */
const NAME = /([\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*)/u

/** A sentence in which names that are known stand as code. */
export function prose(value: string, known: ReadonlySet<string>): Part {
  return value.split(NAME).map((part, at) => (at % 2 === 1 && known.has(part) ? code(part) : part))
}

/** Data for a script in the page; no content can end the element that holds it. */
export function embedJson(data: unknown): Markup {
  const json = JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return { html: json }
}

function render(part: Part): string {
  if (typeof part === 'string') return escape(part)
  if (typeof part === 'number') return String(part)
  if (part === null || part === undefined || part === false) return ''
  return 'html' in part ? part.html : part.map(render).join('')
}

function escapeMarks(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;')
}
