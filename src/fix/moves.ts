import type { Finding, Move } from '../engine/result.js'
import { isChosen, type Migration, type MigrationChoice, needsMore, phasesBefore } from './migration.js'
import { planSteps } from './plan.js'

/** Findings on statements of new migrations whose fix is proven, and which a choice takes. */
export function chooseMoves(findings: readonly Finding[], choice: MigrationChoice = {}): readonly Finding[] {
  return findings.filter(
    (finding) =>
      finding.object.kind === 'statement' &&
      finding.fix?.status === 'proven' &&
      isChosen(finding, choice) &&
      needsMore(finding, choice.maxLock) === null,
  )
}

/** Plans files that take the place of statements in new migrations; moves that were refused are left out. */
export function planMoves(
  moves: readonly Move[],
  findings: readonly Finding[],
  { phases = [] }: MigrationChoice = {},
): Migration {
  const of = (fingerprint: string) => findings.filter((finding) => finding.fingerprint === fingerprint)
  const good = moves.filter(({ refused }) => refused === null)
  const all = planSteps(
    good
      .flatMap(({ fingerprints: [first = ''] }) => of(first))
      .map(({ fingerprint, object: { schema, table }, fix }) => ({
        id: fingerprint,
        table: table === null ? null : `${schema}.${table}`,
        steps: fix?.steps ?? [],
      })),
  )
  const planned = phases.length === 0 ? all : all.filter(({ step }) => phases.includes(step.phase))
  const held = new Set(planned.flatMap(({ owners }) => owners))
  const kept = good.filter(({ fingerprints: [first = ''] }) => held.has(first))
  return {
    planned,
    fixes: kept.flatMap(({ fingerprints }) => fingerprints.flatMap(of)),
    decisions: [],
    refused: [],
    leftOut: moves.flatMap(({ refused, fingerprints: [first = ''] }) =>
      refused === null ? [] : of(first).map((finding) => ({ finding, reason: refused })),
    ),
    before: phasesBefore(all, planned, held),
  }
}

/** The moves that are in the plan. */
export function movedOf(moves: readonly Move[], { fixes }: Pick<Migration, 'fixes'>): readonly Move[] {
  const planned = new Set(fixes.map(({ fingerprint }) => fingerprint))
  return moves.filter(({ fingerprints }) => fingerprints.some((fingerprint) => planned.has(fingerprint)))
}
