import type { Judged } from '../engine/judge.js'
import type { Move } from '../engine/result.js'
import { compareCatalogs, describeCatalog } from '../evidence/catalog/describe.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import { takenBackBy } from '../evidence/migrations/down-sides.js'
import type { Catalog } from '../evidence/catalog/model.js'
import { readCatalog } from '../evidence/catalog/read.js'
import { makeParts, type MigrationPart } from '../fix/parts.js'
import { planSteps } from '../fix/plan.js'
import { script } from '../fix/writers/plain.js'
import { candidateOf } from './prove-findings.js'
import { groupBy } from '../evidence/catalog/group.js'
import { compareJudgements, judgeAgain, ofMigrations, type RewriteRequest } from './prove-rewrites.js'
import { loadSqlFiles } from '../source/files/load.js'
import type { LoadedFiles, LoadOptions } from '../source/files/model.js'

/** Most moves that are tried one by one, once they failed together; each loads all files again. */
const MOST_ALONE = 4
const ADDED = 'the files of the fix'

/**
 * Proves that the safe forms of statements may stand in files of their own behind the new migrations, once the statements are
 * taken out: the catalog is the same then, the findings are gone, no other has come, and taking the files back leaves what the
 * migrations make without them. Moves that fail together are tried one by one.
 */
export async function proveMoves(request: RewriteRequest, chosen: readonly Judged[]): Promise<readonly Move[]> {
  const statements = [
    ...groupBy(
      chosen.filter(({ statement }) => statement),
      placeOf,
    ).values(),
  ]
  const together =
    statements.length === 0
      ? null
      : await tryMoves(
          request,
          statements.map(([first]) => first!),
        )
  if (together === null) return statements.map((all) => describe(all, null))
  if (statements.length === 1) return statements.map((all) => describe(all, together))
  const alone: (string | null)[] = []
  for (const [at, [first]] of statements.entries())
    alone.push(at < MOST_ALONE ? await tryMoves(request, [first!]) : together)
  const good = statements.filter((_, at) => alone[at] === null)
  const rest =
    good.length === 0
      ? null
      : await tryMoves(
          request,
          good.map(([first]) => first!),
        )
  return statements.map((all, at) => describe(all, alone[at] ?? rest))
}

function describe(all: readonly Judged[], refused: string | null): Move {
  const statement = all[0]!.statement!
  const { migration, sql, location } = statement
  return {
    undoneBy: takenBackBy(statement).map((down) => ({
      file: migration.down?.file ?? migration.file,
      location: down.location,
      sql: down.text,
    })),
    leavesNothing: migration.statements.length === 1,
    fingerprints: all.map(({ finding: { fingerprint } }) => fingerprint),
    statement: { file: migration.file, location, sql },
    refused,
  }
}

function placeOf({ statement }: Judged): string {
  return `${statement?.migration.file}\0${statement?.index}`
}

/** Why the statements cannot move; null when they can. */
async function tryMoves(request: RewriteRequest, moved: readonly Judged[]): Promise<string | null> {
  const { paths, load, rules, evidence, all } = request
  const planned = planSteps(moved.map(candidateOf))
  const findings = moved.map(({ finding }) => finding)
  const parts = makeParts(planned, findings, 'statements')
  const places = new Set(moved.map(placeOf))
  const options: LoadOptions = {
    ...load,
    replacements: (file, place) => (places.has(`${file}\0${place}`) ? [] : undefined),
  }
  const loaded = await loadSqlFiles(paths, {
    ...options,
    added: [{ name: ADDED, text: parts.map((part) => script(part, part.up)).join('\n\n') }],
  })
  try {
    const [failure] = loaded.problems.filter((problem) => isNew(problem, request))
    if (failure)
      return `${failure.location.file === ADDED ? 'Behind the migrations it fails' : `Without it ${failure.location.file} fails`}: ${failure.message}.`
    const catalog = await lookAt(loaded)
    const left = compareCatalogs(describeCatalog(evidence.catalog), describeCatalog(catalog))
    if (left.length > 0) return `Behind the migrations it makes another catalog: ${left.slice(0, 2).join('; ')}.`
    const found = judgeAgain(rules, evidence, catalog, loaded.migrations ?? [])
    const { more, isGone } = compareJudgements(ofMigrations(rules, all), found, moved)
    if (more) return `It would bring a new finding: ${more}.`
    if (!moved.every(isGone)) return 'The finding is still there afterwards.'
    for (const sql of parts.toReversed().flatMap(undoing)) {
      const error = await loaded.session.execute(sql)
      if (error) return `Taking it back fails: ${error.message}.`
    }
    const undone = describeCatalog(await lookAt(loaded))
    const remains = compareCatalogs(await describeWithout(paths, options), undone)
    return remains.length > 0 ? `Taking it back leaves a trace: ${remains.slice(0, 2).join('; ')}.` : null
  } finally {
    await loaded.session.close()
  }
}

function undoing({ transactional, down }: MigrationPart): readonly string[] {
  const statements = down.map(({ sql }) => sql)
  return transactional ? ['begin', ...statements, 'commit'] : statements
}

/** A problem that the files do not have as they stand. */
function isNew({ location }: LoadedFiles['problems'][number], { known = [] }: RewriteRequest): boolean {
  return !known.some((one) => one.file === location.file && one.line === location.line)
}

/** What the migrations make without the statements. */
async function describeWithout(paths: readonly string[], options: LoadOptions): Promise<readonly string[]> {
  const loaded = await loadSqlFiles(paths, options)
  try {
    return describeCatalog(await lookAt(loaded))
  } finally {
    await loaded.session.close()
  }
}

async function lookAt({ session }: LoadedFiles): Promise<Catalog> {
  await session.execute('set search_path to pg_catalog')
  return linkCatalog(await readCatalog(session))
}
