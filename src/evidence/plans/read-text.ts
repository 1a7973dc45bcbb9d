import type { PlanActuals, PlanNode } from './model.js'

/** A node whose lines are being read. */
interface Open {
  readonly indent: number
  readonly side: PlanNode['side']
  readonly head: RegExpExecArray
  readonly lines: string[]
  readonly children: Open[]
}

const HEAD =
  /^(?<what>.+?)  \(cost=[\d.]+\.\.(?<cost>[\d.]+) rows=(?<rows>\d+) width=(?<width>\d+)\)(?: \((?:(?<never>never executed)|actual (?:time=[\d.]+\.\.(?<time>[\d.]+) )?rows=(?<actual>[\d.]+) loops=(?<loops>\d+))\))?$/
const OTHER_PLAN = /^(?:SubPlan|InitPlan|CTE) /

/** Reads a plan in EXPLAIN's text format, as `auto_explain` logs it; null for anything else. Lines may be indented as a whole. */
export function readTextPlan(text: string): PlanNode | null {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^\t/, ''))
  const first = lines.findIndex((line) => HEAD.test(line.trim()))
  if (first < 0) return null
  let root: Open | null = null
  const path: Open[] = []
  /** How deep the last `SubPlan 1` stands, whose node comes next. */
  let other = -1
  for (const line of lines.slice(first)) {
    const trimmed = line.trimStart().replace(/^->  /, '')
    const indent = line.length - line.trimStart().length
    const head = HEAD.exec(trimmed.trimEnd())
    if (!head) {
      if (OTHER_PLAN.test(trimmed)) other = indent
      else path.at(-1)?.lines.push(trimmed)
      continue
    }
    while (path.length > 0 && path.at(-1)!.indent >= indent) path.pop()
    const parent = path.at(-1)
    const isOther = other >= 0 && indent > other
    other = -1
    const siblings = parent?.children.filter(({ side }) => side !== 'subplan') ?? []
    const side = !parent ? null : isOther ? 'subplan' : siblings.length === 0 ? 'outer' : 'inner'
    const node: Open = { indent, side, head, lines: [], children: [] }
    if (parent) parent.children.push(node)
    else if (root) break
    else root = node
    path.push(node)
  }
  return root && close(root)
}

function close({ side, head, lines, children }: Open): PlanNode {
  const { what = '', cost, rows, width, actual, loops, time } = head.groups as Record<string, string | undefined>
  const values = (...names: readonly string[]) =>
    lines.flatMap((line) => names.flatMap((name) => (line.startsWith(`${name}: `) ? line.slice(name.length + 2) : [])))
  const [, type = what, index = null, name = null, alias = null] = SCAN.exec(what) ?? []
  const [, indexAlone = null] = /^Bitmap Index Scan on (\S+)$/.exec(what) ?? []
  const [kind, joinType] = joinOf(indexAlone === null ? type : 'Bitmap Index Scan')
  const [schema, relation] = name === null ? [null, null] : splitName(name)
  return {
    type: kind,
    side,
    joinType,
    relation:
      relation !== null && OF_TABLES.test(kind)
        ? { schema, name: relation, alias: alias === null ? relation : unquote(alias) }
        : null,
    index: indexAlone === null ? index && unquote(index) : splitName(indexAlone)[1],
    cost: Number(cost),
    rows: Number(rows),
    width: Number(width),
    actual: actual === undefined ? null : actualsOf(Number(actual), Number(loops), time, values),
    conditions: {
      lookedUp: values('Index Cond', 'Recheck Cond', 'Hash Cond', 'Merge Cond', 'TID Cond'),
      filtered: values('Filter', 'Join Filter'),
    },
    children: children.map(close),
  }
}

/** `Index Scan using i on public.t a`, `Parallel Seq Scan on t`; names may be quoted. */
const NAME = String.raw`(?:"(?:[^"]|"")+"|[^\s."]+)`
const SCAN = new RegExp(
  String.raw`^((?:Parallel |Async )?[A-Z][\w ]*?)(?: Backward)?(?: using (${NAME}))? on (${NAME}(?:\.${NAME})?)(?: (${NAME}))?$`,
)

/** Others scan functions, subqueries or values. */
const OF_TABLES =
  /^(?:(?:Seq|Sample|Index|Index Only|Bitmap Heap|Tid|Tid Range|Foreign) Scan|Insert|Update|Delete|Merge)$/

function joinOf(type: string): readonly [string, string | null] {
  const plain = type.replace(/^(?:Parallel|Async|Partial|Finalize) /, '')
  const [, method, kind] =
    /^(Nested Loop|Hash|Merge)(?: (Left|Right|Full|Semi|Anti|Right Anti|Right Semi))?(?: Join)?$/.exec(plain) ?? []
  if (method === undefined || (method === 'Hash' && !plain.endsWith('Join'))) return [plain, null]
  return [method === 'Nested Loop' ? method : `${method} Join`, kind ?? 'Inner']
}

function splitName(name: string): readonly [string | null, string] {
  const parts = (name.match(new RegExp(NAME, 'g')) ?? [name]).map(unquote)
  return parts.length > 1 ? [parts[0]!, parts[1]!] : [null, parts[0]!]
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

function actualsOf(
  rows: number,
  loops: number,
  time: string | undefined,
  values: (...names: readonly string[]) => readonly string[],
): PlanActuals | null {
  if (loops === 0) return null
  const removed = values('Rows Removed by Filter', 'Rows Removed by Join Filter')
  return {
    rows,
    loops,
    milliseconds: time === undefined ? null : Number(time) * loops,
    dropped: removed.reduce((sum, count) => sum + Number(count), 0),
    spilled: Math.max(
      0,
      ...values('Sort Method').map((method) => Number(/Disk: (\d+)kB/.exec(method)?.[1] ?? 0)),
      ...values('Buckets').map(ofHash),
      ...values('Storage').map((storage) => Number(/^Disk .*: (\d+)kB/.exec(storage)?.[1] ?? 0)),
      ...values('Batches').map((batches) => Number(/Disk Usage: (\d+)kB/.exec(batches)?.[1] ?? 0)),
    ),
  }
}

function ofHash(buckets: string): number {
  const [, batches = '1', memory = '0'] = /Batches: (\d+).*?Memory Usage: (\d+)kB/.exec(buckets) ?? []
  return (Number(batches) - 1) * Number(memory)
}
