import type { Judged } from '../engine/judge.js'
import type { Evidence } from '../evidence/model.js'
import { type BoundQuery, bindQuery } from '../evidence/workload/bind.js'
import { columnsOfParameters, comparisonsIn } from '../evidence/workload/parameters.js'
import type { Column } from '../evidence/catalog/model.js'
import { type ParsedQuery, parseQuery } from '../evidence/workload/parse-query.js'
import { at } from '../evidence/tree.js'
import { compareQueries, valuesHeld } from '../fix/queries/compare.js'
import { fillTables } from '../fix/queries/fill.js'
import { createRandom } from '../fix/queries/random.js'
import { recreateCatalog } from '../fix/recreate.js'
import type { QueryRewrite } from '../engine/result.js'
import type { Source } from '../source/open.js'
import type { ScratchSession } from '../source/session.js'

/** Fillings that each rewrite is tried on. */
const SEEDS = [1, 2, 3]

/**
 * Proves rewrites of queries: both are run on a scratch database with the same generated rows, which hold NULLs and duplicates,
 * and must return the same rows. Gives the outcome by finding.
 */
export async function proveQueries(
  judged: readonly Judged[],
  {
    source,
    evidence,
    signal,
  }: { readonly source: Source; readonly evidence: Evidence; readonly signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, QueryRewrite>> {
  const candidates = judged.filter(({ rewrite }) => rewrite !== null)
  const proofs = new Map<string, QueryRewrite>()
  if (candidates.length === 0) return proofs
  const scratch = await source.scratches.open(() => recreateCatalog(evidence.catalog))
  for (const { finding, rewrite } of candidates) {
    signal?.throwIfAborted()
    if (!rewrite) continue
    const proof = await tryRewrite(scratch, rewrite, evidence)
    const joined = rewrite.joined && (await tryRewrite(scratch, rewrite.joined, evidence))
    const shown = joined?.text ? { joined: { text: joined.text, rows: joined.rows } } : {}
    proofs.set(finding.fingerprint, { ...proof, ...shown })
  }
  return proofs
}

/** Tries a rewrite on rows that are gone again afterwards. */
export async function tryRewrite(
  scratch: ScratchSession,
  { text, instead }: NonNullable<Judged['rewrite']>,
  { catalog }: Pick<Evidence, 'catalog'>,
): Promise<QueryRewrite> {
  const parsed = parseQuery(text)
  const was = parseQuery(instead)
  const refuse = (reason: string): QueryRewrite => ({ status: 'advice', text: null, reason, rows: 0 })
  if (typeof parsed !== 'object' || parsed === null || typeof was !== 'object' || was === null)
    return refuse('It cannot be parsed.')
  const bound = bindQuery(was.tree, catalog)
  const compared = new Map([...columnsOfParameters(bindQuery(parsed.tree, catalog)), ...columnsOfParameters(bound)])
  if (bound.blocks.some(({ command }) => command !== 'select' && command !== 'values'))
    return refuse('It changes rows, and rewrites of such are not tried.')
  let rows = 0
  let varies = false
  for (const seed of SEEDS) {
    const random = createRandom(seed)
    await scratch.execute('begin')
    try {
      await scratch.execute("set local statement_timeout = '5s'")
      await scratch.execute('set local search_path to "$user", public')
      // Triggers of the schema may do anything; foreign keys are kept by the generator.
      await scratch.execute('savepoint quiet')
      const isLoud = await scratch.execute('set local session_replication_role to replica')
      if (isLoud) await scratch.execute('rollback to savepoint quiet')
      const filled = await fillTables(scratch, [...bound.tables], hintsOf(bound), random)
      if (filled.failures.length > 0) return refuse(`No rows to try it on: ${filled.failures[0]}.`)
      const held = (column: Column) => valuesHeld(column, filled.rows.get(column.table) ?? [])
      const parameters = new Map([...compared].map(([number, columns]) => [number, columns.flatMap(held)] as const))
      const outcome = await compareQueries(scratch, { original: instead, rewritten: text, parameters }, random)
      if (outcome.difference !== null) return refuse(`It was tried on generated rows: ${outcome.difference}.`)
      rows += outcome.rows
      varies ||= outcome.varies || (seed > 1 && outcome.rows > 0)
    } finally {
      await scratch.execute('rollback')
      await scratch.execute('deallocate all')
    }
  }
  if (rows === 0 || !varies) return refuse('On generated rows it returned nothing that would tell.')
  return { status: 'proven', text: withoutLiteralsOf(was.tree, parsed), reason: null, rows }
}

/** The rewrite with `$n` for the literals of the query; numbers that it brings itself are shown. */
function withoutLiteralsOf(query: unknown, { tree, text, normalized }: ParsedQuery): string {
  const known = new Set(constantsIn(query).map(({ value }) => value))
  const constants = constantsIn(tree).toSorted((a, b) => a.location - b.location)
  const last = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  const hidden = new Set(
    [...normalized.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)).filter((number) => number > last),
  )
  if (hidden.size !== constants.length) return normalized
  return constants.reduce(
    (shown, { value }, place) =>
      known.has(value) || !/^\d+$/.test(value)
        ? shown
        : shown.replace(new RegExp(String.raw`\$${last + place + 1}(?!\d)`), value),
    normalized,
  )
}

function constantsIn(tree: unknown): readonly { readonly value: string; readonly location: number }[] {
  if (Array.isArray(tree)) return tree.flatMap(constantsIn)
  if (typeof tree !== 'object' || tree === null) return []
  const constant = at(tree, 'A_Const')
  if (constant === undefined) return Object.values(tree).flatMap(constantsIn)
  return [{ value: literalsIn(tree)[0] ?? '', location: Number(at(constant, 'location') ?? 0) }]
}

/** Literals that the query compares columns with. */
function hintsOf(bound: BoundQuery): ReadonlyMap<Column, readonly string[]> {
  const hints = new Map<Column, string[]>()
  for (const { column, other } of comparisonsIn(bound)) {
    if (other?.kind !== 'value') continue
    const texts = literalsIn(other.tree).map((text) => text.replaceAll('%', ''))
    if (texts.length > 0) hints.set(column, [...(hints.get(column) ?? []), ...texts])
  }
  return hints
}

function literalsIn(tree: unknown): readonly string[] {
  if (Array.isArray(tree)) return tree.flatMap(literalsIn)
  if (typeof tree !== 'object' || tree === null) return []
  const constant = at(tree, 'A_Const')
  if (constant !== undefined) {
    const found = at(constant, 'sval', 'sval') ?? at(constant, 'fval', 'fval') ?? at(constant, 'ival', 'ival')
    return found === undefined ? (at(constant, 'ival') === undefined ? [] : ['0']) : [String(found)]
  }
  return Object.values(tree).flatMap(literalsIn)
}
