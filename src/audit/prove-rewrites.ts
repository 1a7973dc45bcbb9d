import { judge, type Judged } from '../engine/judge.js'
import type { Rule } from '../engine/rule.js'
import type { Location } from '../errors.js'
import { compareCatalogs, describeCatalog } from '../evidence/catalog/describe.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import type { Catalog } from '../evidence/catalog/model.js'
import { readCatalog } from '../evidence/catalog/read.js'
import { linkMigrations } from '../evidence/migrations/link.js'
import type { Evidence } from '../evidence/model.js'
import { planSteps } from '../fix/plan.js'
import type { Proof } from '../fix/prove.js'
import type { Observation } from '../fix/step.js'
import { candidateInPlace } from './prove-findings.js'
import { loadSqlFiles } from '../source/files/load.js'
import type { LoadedMigration, LoadOptions } from '../source/files/model.js'

export interface RewriteRequest {
  readonly paths: readonly string[]
  readonly load: LoadOptions
  readonly rules: readonly Rule[]
  readonly evidence: Evidence
  /** What the rules find in the migrations as they stand. */
  readonly all: readonly Judged[]
  /** Where loading met problems in the files as they stand. */
  readonly known?: readonly Location[]
}

/** Most rewrites that are tried one by one, once they failed together; each loads all files again. */
const MOST_ALONE = 6

/**
 * Proves rewrites of statements in new migrations: the files are loaded once more with the rewrites in place. Each finding
 * must be gone, no other may have come, and the catalog must be the one that the original makes. Gives the proofs by
 * finding. When they fail together, those in whose files the failure shows are refused and the rest is tried again; where it
 * does not show, they are tried one by one.
 */
export async function proveRewrites(
  request: RewriteRequest,
  candidates: readonly Judged[],
): Promise<ReadonlyMap<string, Proof>> {
  const proofs = new Map<string, Proof>()
  const settle = (settled: readonly Judged[], trial: Trial) => {
    for (const { finding } of settled) proofs.set(finding.fingerprint, trial.proofs.get(finding.fingerprint)!)
  }
  let pending = candidates
  while (pending.length > 0) {
    const trial = await tryRewrites(request, pending)
    const { blamed } = trial
    const blameless = blamed && pending.filter((candidate) => !blamed.includes(candidate))
    if (!blamed || pending.length === 1 || blameless?.length === pending.length) {
      settle(pending, trial)
      break
    }
    if (blameless && blameless.length > 0) {
      settle(blamed, trial)
      pending = blameless
      continue
    }
    for (const [at, candidate] of pending.entries())
      settle([candidate], at < MOST_ALONE ? await tryRewrites(request, [candidate]) : trial)
    break
  }
  return proofs
}

interface Trial {
  readonly proofs: ReadonlyMap<string, Proof>
  /** Candidates of which any may have done what is wrong with all; null when nothing is. */
  readonly blamed: readonly Judged[] | null
}

async function tryRewrites(
  { paths, load, rules, evidence, all }: RewriteRequest,
  candidates: readonly Judged[],
): Promise<Trial> {
  const texts = new Map<string, readonly string[]>()
  for (const candidate of candidates) {
    const { statement } = candidate
    if (!statement) continue
    const planned = planSteps([candidateInPlace(candidate)]).map(({ step }) => step.sql)
    const key = `${statement.migration.file}\0${statement.index}`
    if (!texts.has(key)) texts.set(key, planned)
  }
  const loaded = await loadSqlFiles(paths, {
    ...load,
    replacements: (file, place) => texts.get(`${file}\0${place}`),
  })
  try {
    await loaded.session.execute('set search_path to pg_catalog')
    const catalog = linkCatalog(await readCatalog(loaded.session))
    const left = compareCatalogs(describeCatalog(evidence.catalog), describeCatalog(catalog))
    const found = judgeAgain(rules, evidence, catalog, loaded.migrations ?? [])
    const { more, moreIn, isGone } = compareJudgements(ofMigrations(rules, all), found, candidates)
    const seen = observationsOf(loaded.migrations ?? [])
    const failed = new Map(loaded.problems.map(({ excerpt, message }) => [excerpt, message]))
    const proofs = new Map(
      candidates.map((candidate): [string, Proof] => {
        const error = candidate.steps.flatMap(({ sql }) => failed.get(sql.replace(/\s+/g, ' ').slice(0, 120)) ?? [])[0]
        const refused = error
          ? `It fails: ${error}.`
          : left.length > 0
            ? `The catalog would be another one: ${left.slice(0, 2).join('; ')}.`
            : !isGone(candidate)
              ? 'The finding is still there after the rewrite.'
              : more
                ? `The rewrite would bring a new finding: ${more}.`
                : null
        return [
          candidate.finding.fingerprint,
          { refused, ran: error === undefined, observed: seen, serverVersion: loaded.session.version },
        ]
      }),
    )
    const failing = candidates.filter(({ steps }) =>
      steps.some(({ sql }) => failed.has(sql.replace(/\s+/g, ' ').slice(0, 120))),
    )
    const inTheirFiles = candidates.filter(({ statement }) => statement && moreIn.has(statement.migration.file))
    const shown = left.length > 0 ? failing : inTheirFiles
    const blamed = left.length === 0 && !more ? null : shown.length > 0 ? shown : candidates
    return { proofs, blamed }
  } finally {
    await loaded.session.close()
  }
}

/** What the rules say of the same migrations with some statements written anew, beside what they said before. */
export function compareJudgements(
  all: readonly Judged[],
  found: readonly Judged[],
  candidates: readonly Judged[],
): {
  /** A rule, and perhaps an object, of which there is more than before. */
  readonly more: string | null
  /** The files where there is more of it; empty where that is not known. */
  readonly moreIn: ReadonlySet<string>
  isGone(candidate: Judged): boolean
} {
  const was = countBy(all, placeOf)
  const now = countBy(found, placeOf)
  const had = countBy(all, kindOf)
  const grown = [...countBy(found, kindOf)].flatMap(([kind, count]) => (count > (had.get(kind) ?? 0) ? [kind] : []))
  const inFile = (one: Judged) => `${kindOf(one)}\0${one.finding.location?.file ?? ''}`
  const hadIn = countBy(all, inFile)
  const moreIn = [...countBy(found, inFile)].flatMap(([key, count]) => {
    const [kind = '', file = ''] = key.split('\0')
    return grown.includes(kind) && count > (hadIn.get(key) ?? 0) ? [file] : []
  })
  return {
    more: grown[0] ?? null,
    moreIn: new Set(moreIn),
    isGone(candidate) {
      const place = placeOf(candidate)
      const own = candidates.filter((other) => placeOf(other) === place).length
      return (now.get(place) ?? 0) <= (was.get(place) ?? 0) - own
    },
  }
}

function areOfMigrations({ needs, uses = [] }: Rule): boolean {
  return [...needs, ...uses].includes('migrations')
}

/** What rules say that look at migrations: of an equal catalog the others say the same. */
export function ofMigrations(rules: readonly Rule[], judged: readonly Judged[]): readonly Judged[] {
  const ids = new Set(rules.filter(areOfMigrations).map(({ id }) => id))
  return judged.filter(({ finding }) => ids.has(finding.rule))
}

/** Judges migrations that were loaded once more, by the rules that look at them. */
export function judgeAgain(
  rules: readonly Rule[],
  evidence: Evidence,
  catalog: Catalog,
  migrations: readonly LoadedMigration[],
): readonly Judged[] {
  const { serverVersion, declaredRoles } = evidence.catalog
  return judge(rules.filter(areOfMigrations), {
    ...evidence,
    catalog: { ...catalog, serverVersion, declaredRoles },
    migrations: linkMigrations(migrations, {
      before: evidence.migrations?.before ?? catalog,
      daysCounted: evidence.migrations?.daysCounted ?? null,
      statisticsOf: (address) => {
        const [schema = '', name = ''] = address.split('.')
        return evidence.migrations?.statisticsOf({ schema, name })
      },
      columnStatisticsOf: (address) => {
        const [schema = '', name = '', column = ''] = address.split('.')
        return evidence.migrations?.columnStatisticsOf({ schema, name }, column)
      },
    }),
  }).judged
}

/** Rule, file and object: where statements are added, their numbers change. */
function placeOf({ finding: { rule, object, location } }: Judged): string {
  return [rule, object.kind === 'statement' ? location?.file : '', object.name].join('\0')
}

/** Rule and object; of findings on statements the rule alone, which may speak of the next statement instead. */
function kindOf({ finding: { rule, object, address } }: Judged): string {
  return object.kind === 'statement' ? rule : `${rule} on ${address}`
}

function countBy(judged: readonly Judged[], key: (one: Judged) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const one of judged) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1)
  return counts
}

function observationsOf(migrations: readonly LoadedMigration[]): ReadonlyMap<string, Observation> {
  const address = ({ schema, name }: { readonly schema: string; readonly name: string }) => `${schema}.${name}`
  return new Map(
    migrations.flatMap(({ statements }) =>
      statements.map(({ text, observation }): [string, Observation] => [
        text,
        {
          locks: Object.fromEntries(
            (observation?.holds ?? [])
              .filter(({ relation }) => relation.kind.endsWith('table'))
              .map(({ relation, mode }) => [address(relation), mode]),
          ),
          rewrites: (observation?.rewritten ?? []).map(address),
          scans: (observation?.scanned ?? []).map(address),
          watched: observation !== null,
        },
      ]),
    ),
  )
}
