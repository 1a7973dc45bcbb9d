import { code, join, markup, type Markup, type Part } from '../markup.js'
import type { Page } from '../page.js'
import { printable } from '../../printable.js'
import { count } from '../../summary.js'
import { type Box, chooseDrawing, type Drawing, HEADER, isOptional, isSingle, keysOf, type Link, ROW } from './boxes.js'
import { type LayOut, layOutDrawing } from './layout.js'

const MARGIN = 24

/** The entity relationship diagram as SVG, and what it leaves out. */
export function renderDiagram(page: Page, layOut: LayOut): Markup {
  const drawing = chooseDrawing(page)
  if (drawing.boxes.length === 0) return markup`<p class="quiet">There are no tables.</p>`
  const { width, height, places, paths } = layOutDrawing(drawing, layOut)
  const [wide, high] = [Math.ceil(width) + 2 * MARGIN, Math.ceil(height) + 2 * MARGIN]
  return markup`<div class="er" id="er"><svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ${wide} ${high}" width="${wide}" height="${high}" role="group" aria-label="Entity relationship diagram of ${count(drawing.boxes.length, 'table')}"><defs>${MARKERS}</defs><g class="links">${drawing.links.map((link, at) => drawLink(link, paths[at] ?? '', drawing))}</g><g class="boxes">
${drawing.boxes.map((box, at) => drawBox(box, places[at] ?? { x: 0, y: 0 }))}</g></svg></div>
<p class="note">${describeExtent(drawing)}</p>`
}

/** For the script: every owner's address, worst severity, number of findings, and foreign keys as [referenced owner, columns]. */
export function listNeighbours(page: Page): readonly unknown[] {
  return page.owners.map((owner) => [
    printable(owner.address),
    owner.worst ?? '',
    owner.findings.length,
    keysOf(owner).flatMap(({ referencedTable, columns }) => {
      const referenced = page.ownerAt(referencedTable.address)
      return referenced ? [[referenced.id, printable(columns.map(({ name }) => name).join(', '))]] : []
    }),
  ])
}

function describeExtent({ boxes, tables, detail, hubs }: Drawing): Part {
  const part =
    boxes.length < tables
      ? `${boxes.length} of ${tables} tables are drawn: those with the most urgent findings, what they reference, and the most connected ones. Any other table is found by its name, and shown with its neighbours. `
      : ''
  const shown = { columns: '', keys: 'Only key columns are shown. ', names: 'Columns are left out. ' }[detail]
  return [
    part,
    shown,
    hubs.length > 0 && [
      'So many tables reference ',
      join(
        hubs.map(({ address }) => code(address)),
        ', ',
      ),
      ' that these lines are not drawn; choosing it marks those tables. ',
    ],
    'Colour is the worst finding of a table, the number how many it has.',
  ]
}

function drawBox(
  { owner, title, rows, more, width, height }: Box,
  { x, y }: { readonly x: number; readonly y: number },
): Markup {
  const { id, address, worst, findings } = owner
  const about = findings.length > 0 ? `${count(findings.length, 'finding')}, worst: ${worst}` : 'no findings'
  const body = rows.map(({ name, type, key }, at): Part => {
    const middle = HEADER + at * ROW + 15
    return markup`<text class="${key ? (key === 'primary' ? 'pk' : 'fk') : 'co'}" x="12" y="${middle}">${name}</text><text class="ty" x="${width - 12}" y="${middle}">${type}</text>`
  })
  const lower = height > HEADER ? HEADER : `${HEADER - 6}a6,6 0 0 1 -6,6H6a6,6 0 0 1 -6,-6`
  return markup`<a href="#t${id}" class="tb ${worst ?? 'clean'}" data-t="${id}" transform="translate(${Math.round(x)},${Math.round(y)})"><title>${address}: ${about}</title><rect class="bo" width="${width}" height="${height}" rx="6"/><path class="hd" d="M0,${height > HEADER ? HEADER : HEADER - 6}V6a6,6 0 0 1 6,-6H${width - 6}a6,6 0 0 1 6,6V${lower}z"/><text class="na" x="12" y="19">${title}</text>${findings.length > 0 ? markup`<text class="nu" x="${width - 12}" y="19">${findings.length}</text>` : null}${body}${more > 0 ? markup`<text class="ty mo" x="12" y="${HEADER + rows.length * ROW + 15}">${more} more</text>` : null}</a>
`
}

function drawLink({ key, from, to }: Link, path: string, { boxes }: Drawing): Markup {
  const title = `${key.table.name} (${key.columns.map(({ name }) => name).join(', ')}) → ${key.referencedTable.name}`
  return markup`<path class="k ${isOptional(key) ? 'op' : 'ma'} ${isSingle(key) ? 'si' : 'mu'}" d="${path}" data-e="${boxes[from]?.owner.id} ${boxes[to]?.owner.id}"><title>${title}</title></path>`
}

/** Crow's feet: one, none or one; many, none or one at the other end. */
const MARKERS: Markup = {
  html: [
    '<marker id="m-ma" class="mk" viewBox="0 0 14 12" refX="0" refY="6" markerWidth="14" markerHeight="12" orient="auto" markerUnits="userSpaceOnUse"><path d="M5,1V11M8,1V11"/></marker>',
    '<marker id="m-op" class="mk" viewBox="0 0 16 12" refX="0" refY="6" markerWidth="16" markerHeight="12" orient="auto" markerUnits="userSpaceOnUse"><path d="M5,1V11"/><circle cx="11" cy="6" r="3.2"/></marker>',
    '<marker id="m-mu" class="mk" viewBox="0 0 18 12" refX="18" refY="6" markerWidth="18" markerHeight="12" orient="auto" markerUnits="userSpaceOnUse"><path d="M8,6L18,1M8,6L18,11"/><circle cx="5" cy="6" r="3.2"/></marker>',
    '<marker id="m-si" class="mk" viewBox="0 0 16 12" refX="16" refY="6" markerWidth="16" markerHeight="12" orient="auto" markerUnits="userSpaceOnUse"><path d="M12,1V11"/><circle cx="5" cy="6" r="3.2"/></marker>',
  ].join(''),
}

/** The meaning of colours and line ends. */
export const LEGEND: Markup = markup`<ul class="legend">${(['error', 'warning', 'info', 'clean'] as const).map(
  (worst) => markup`<li class="${worst}">${worst === 'clean' ? 'nothing found' : worst}</li>`,
)}<li class="plain">${code('||')} one, ${code('|o')} at most one, ${code('o<')} any number</li></ul>`
