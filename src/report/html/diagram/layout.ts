import { groupBy } from '../../../evidence/catalog/group.js'
import { type Box, type Drawing, HEADER, type Link, ROW } from './boxes.js'

/** Graphviz: a graph in DOT to positions as JSON. */
export type LayOut = (dot: string, engine: 'dot' | 'fdp') => string

export interface Layout {
  readonly width: number
  readonly height: number
  /** Top left corner of each box. */
  readonly places: readonly Point[]
  /** The course of each link as an SVG path, from the referenced table. */
  readonly paths: readonly string[]
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Boxes that hang together, laid out on their own. */
interface Part {
  readonly width: number
  readonly height: number
  readonly places: ReadonlyMap<number, Point>
  readonly courses: ReadonlyMap<number, readonly Point[]>
}

const GAP = 36
/** Layers that come out longer than this are tangled into a round shape instead. */
const LONGEST_SIDE = 4

/** Bigger groups of connected tables are parted into those that are connected most. */
const BIG = 30
const ROUNDS = 8

/** Lays out each group of connected tables with Graphviz and puts the groups side by side. Graphviz sees numbers and sizes only, no name. */
export function layOutDrawing({ boxes, links }: Drawing, layOut: LayOut): Layout {
  const groups = connect(boxes, links).flatMap((members) => (members.length > BIG ? divide(members, links) : [members]))
  const parts = groups.map((members) => layOutPart(members, boxes, links, layOut))
  const { offsets, width, height } = pack(parts)
  const places = new Map<number, Point>()
  const courses = new Map<number, readonly Point[]>()
  for (const [at, part] of parts.entries()) {
    const offset = offsets[at] ?? { x: 0, y: 0 }
    const move = ({ x, y }: Point): Point => ({ x: x + offset.x, y: y + offset.y })
    for (const [box, place] of part.places) places.set(box, move(place))
    for (const [link, course] of part.courses) courses.set(link, course.map(move))
  }
  return {
    width,
    height,
    places: boxes.map((_, at) => places.get(at) ?? { x: 0, y: 0 }),
    paths: links.map((link, at) => pathOf(courses.get(at) ?? bridge(link, boxes, places))),
  }
}

/** Groups of boxes that links connect, biggest first. */
function connect(boxes: readonly Box[], links: readonly Link[]): readonly (readonly number[])[] {
  const leaders = boxes.map((_, at) => at)
  const leaderOf = (at: number): number => {
    let leader = at
    while (leaders[leader] !== leader) leader = leaders[leader] ?? leader
    return leader
  }
  for (const { from, to } of links) leaders[leaderOf(to)] = leaderOf(from)
  return [...groupBy([...leaders.keys()], (at) => String(leaderOf(at))).values()].toSorted(
    (a, b) => b.length - a.length,
  )
}

/** Parts a group by label propagation: again and again every table joins the part that most of its neighbours are in. */
function divide(members: readonly number[], links: readonly Link[]): readonly (readonly number[])[] {
  const neighbours = new Map(members.map((at) => [at, [] as number[]]))
  for (const { from, to } of links) {
    if (from === to) continue
    neighbours.get(from)?.push(to)
    neighbours.get(to)?.push(from)
  }
  const labels = new Map(members.map((at) => [at, at]))
  for (let round = 0; round < ROUNDS; round++)
    for (const at of members) {
      const votes = groupBy(neighbours.get(at) ?? [], (other) => String(labels.get(other)))
      const [most] = [...votes].toSorted(([a, x], [b, y]) => y.length - x.length || Number(a) - Number(b))
      if (most) labels.set(at, Number(most[0]))
    }
  return [...groupBy(members, (at) => String(labels.get(at))).values()]
}

/** A curve between two boxes that were not laid out together. */
function bridge({ from, to }: Link, boxes: readonly Box[], places: ReadonlyMap<number, Point>): readonly Point[] {
  const start = {
    x: (places.get(from)?.x ?? 0) + sizeOf(boxes[from]).width,
    y: (places.get(from)?.y ?? 0) + HEADER / 2,
  }
  const end = { x: places.get(to)?.x ?? 0, y: (places.get(to)?.y ?? 0) + HEADER / 2 }
  const bend = Math.min(160, Math.max(50, Math.abs(end.x - start.x) / 2))
  return [start, { x: start.x + bend, y: start.y }, { x: end.x - bend, y: end.y }, end]
}

function layOutPart(members: readonly number[], boxes: readonly Box[], links: readonly Link[], layOut: LayOut): Part {
  const inside = new Set(members)
  const own = [...links.entries()].filter(([, { from, to }]) => inside.has(from) && inside.has(to))
  const [only] = members
  if (own.length === 0 && only !== undefined)
    return { ...sizeOf(boxes[only]), places: new Map([[only, { x: 0, y: 0 }]]), courses: new Map() }
  const layered = run('dot', members, boxes, own, layOut)
  const ratio = layered.width / layered.height
  const tangled = members.length > 8 && (ratio > LONGEST_SIDE || ratio < 1 / LONGEST_SIDE)
  return tangled ? run('fdp', members, boxes, own, layOut) : layered
}

function run(
  engine: 'dot' | 'fdp',
  members: readonly number[],
  boxes: readonly Box[],
  links: readonly (readonly [number, Link])[],
  layOut: LayOut,
): Part {
  const port = (row: number | null, side: string): string =>
    engine === 'fdp' ? '' : row === null ? `:h:${side}` : `:r${row}:${side}`
  const dot = [
    `digraph{graph[rankdir=LR nodesep=0.3 ranksep=0.9 overlap=prism sep="+14" splines=true] node[shape=plain] edge[dir=none]`,
    ...members.map((at) => `${at}[label=<${describeBox(boxes[at], engine)}>]`),
    ...links.map(
      ([id, { from, to, fromRow, toRow }]) =>
        `${from}${port(fromRow, 'e')}->${to}${port(toRow, from === to ? 'e' : 'w')}[id=${id}]`,
    ),
    '}',
  ].join('\n')
  const { bb, objects, edges = [] } = JSON.parse(layOut(dot, engine)) as GraphvizJson
  const [left = 0, bottom = 0, right = 0, top = 0] = bb.split(',').map(Number)
  const point = (pair: string): Point => {
    const [x = 0, y = 0] = pair.split(',').map(Number)
    return { x: x - left, y: top - y }
  }
  const places = objects.map(({ name, pos }): [number, Point] => {
    const { width, height } = sizeOf(boxes[Number(name)])
    const center = point(pos)
    return [Number(name), { x: center.x - width / 2, y: center.y - height / 2 }]
  })
  const courses = edges.map(({ id, pos }): [number, readonly Point[]] => [Number(id), pos.split(' ').map(point)])
  return { width: right - left, height: top - bottom, places: new Map(places), courses: new Map(courses) }
}

interface GraphvizJson {
  /** Left, bottom, right, top in points. */
  readonly bb: string
  readonly objects: readonly { readonly name: string; readonly pos: string }[]
  readonly edges?: readonly { readonly id: string; readonly pos: string }[]
}

/** A table of empty cells of the box's size, so that links can end at a row. */
function describeBox(box: Box | undefined, engine: 'dot' | 'fdp'): string {
  const { width, height } = sizeOf(box)
  const rows = engine === 'fdp' ? 0 : (box?.rows.length ?? 0)
  const rest = height - HEADER - rows * ROW
  const cell = (port: string, tall: number): string =>
    `<TR><TD PORT="${port}" FIXEDSIZE="TRUE" WIDTH="${width}" HEIGHT="${tall}"></TD></TR>`
  const cells = [
    cell('h', HEADER),
    ...Array.from({ length: rows }, (_, at) => cell(`r${at}`, ROW)),
    ...(rest > 0 ? [cell('m', rest)] : []),
  ]
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">${cells.join('')}</TABLE>`
}

/** Shelves: groups from left to right, a new shelf where the page would become too wide. */
function pack(parts: readonly Part[]): {
  readonly offsets: readonly Point[]
  readonly width: number
  readonly height: number
} {
  const area = parts.reduce((sum, { width, height }) => sum + (width + GAP) * (height + GAP), 0)
  const widest = Math.max(0, ...parts.map(({ width }) => width), Math.sqrt(area * 1.7))
  const order = [...parts.keys()].toSorted((a, b) => (parts[b]?.height ?? 0) - (parts[a]?.height ?? 0))
  const offsets: Point[] = parts.map(() => ({ x: 0, y: 0 }))
  let [x, y, shelf, width] = [0, 0, 0, 0]
  for (const at of order) {
    const part = parts[at]
    if (!part) continue
    if (x > 0 && x + part.width > widest) [x, y, shelf] = [0, y + shelf + GAP, 0]
    offsets[at] = { x, y }
    width = Math.max(width, x + part.width)
    shelf = Math.max(shelf, part.height)
    x += part.width + GAP
  }
  return { offsets, width, height: y + shelf }
}

function sizeOf(box: Box | undefined): { readonly width: number; readonly height: number } {
  return { width: box?.width ?? 0, height: box?.height ?? 0 }
}

/** A chain of Bézier curves. */
function pathOf([start, ...rest]: readonly Point[]): string {
  return start ? `M${show(start)}C${rest.map(show).join(' ')}` : ''
}

function show({ x, y }: Point): string {
  return `${Math.round(x)},${Math.round(y)}`
}
