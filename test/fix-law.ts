import { readFileSync } from 'node:fs'
import { judge } from '../src/engine/judge.js'
import type { Finding } from '../src/engine/result.js'
import type { Rule } from '../src/engine/rule.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { type Target, targetOf } from '../src/evidence/target.js'
import { planSteps } from '../src/fix/plan.js'
import { proveFixes } from '../src/fix/prove.js'
import type { ScratchSession } from '../src/source/session.js'
import { emptyDatabase, readFixture, sampleScratch } from './scratch.js'

/** Which server the fixes are written for: the one that they are proven on, or any that is supported. */
export type WrittenFor = 'this server' | 'any server'

/** What the law says of one rule's fixes. */
export interface Verdict {
  /** Addresses of findings whose fix was refused → why. */
  readonly refused: Readonly<Record<string, string>>
  /** Addresses that the fixture says are refused. */
  readonly expected: readonly string[]
  readonly fixes: number
}

/**
 * The fix law: every fix on the rule's `bad.sql` applies, cures, brings nothing new and can be undone. Null where the
 * fixture needs a newer server: it says so with `-- requires: <major>`.
 */
export async function tryFixes(
  rule: Rule,
  rules: readonly Rule[],
  server: ScratchSession,
  writtenFor: WrittenFor = 'this server',
): Promise<Verdict | null> {
  if (Math.floor(server.version / 10_000) < requiredBy(rule.id)) return null
  const sql = readBad(rule.id)
  const { schema, evidence } = readFixture(sql)
  let filled: ScratchSession | null = await fill(server, schema)
  // The first proof runs on what was read.
  const openScratch = async () => {
    const scratch = filled ?? (await fill(server, schema))
    filled = null
    return scratch
  }
  const catalog = linkCatalog(await readCatalog(filled))
  const sample = await sampleScratch(server, catalog)
  const seen = { ...evidence(catalog), sample }
  const target: Target = {
    ...targetOf(seen),
    ...(writtenFor === 'any server' ? { oldest: 120_000, newest: 180_000 } : {}),
  }
  const candidates = judge([rule], seen, target)
    .judged.filter(({ steps }) => steps.length > 0)
    .map(({ finding, steps, reveals }) => ({
      id: finding.address,
      reveals,
      table: tableOf(finding),
      steps,
    }))
  // Opinions are silent unless they are asked for.
  const spoken = rules.filter((other) => !other.optIn || other === rule)
  const judgeAgain = (catalog: Catalog) =>
    judge(spoken, { ...evidence(catalog), sample }).judged.map(({ finding }) => ({
      id: finding.rule === rule.id ? finding.address : `${finding.rule} ${finding.address}`,
      rule: finding.rule,
      address: finding.address,
      table: tableOf(finding),
    }))
  const request = { openScratch, judge: judgeAgain, known: { catalog, found: judgeAgain(catalog) } }
  const proofs = await proveFixes(request, [{ candidates }])
  return {
    refused: Object.fromEntries(
      [...proofs].flatMap(([address, { refused }]) => (refused === null ? [] : [[address, refused]])),
    ),
    expected: expectedRefusals(sql),
    fixes: candidates.length,
  }
}

/** What fails when the fixes of a rule's `bad.sql` are applied, and taken back, as they are written for this server; null where it does not know what the fixture says. */
export async function runFixes(rule: Rule, server: ScratchSession): Promise<readonly string[] | null> {
  const sql = readBad(rule.id)
  const { schema, evidence } = readFixture(sql)
  const filled = await fill(server, schema).catch(() => null)
  if (!filled) return null
  const catalog = linkCatalog(await readCatalog(filled))
  const seen = evidence(catalog)
  const refused = new Set(expectedRefusals(sql))
  const steps = planSteps(
    judge([rule], seen, targetOf(seen))
      .judged.filter(({ finding }) => !refused.has(finding.address))
      .map(({ finding, steps }) => ({ id: finding.address, table: null, steps })),
  ).map(({ step }) => step)
  const problems: string[] = []
  const run = async (statement: string) => {
    const error = await filled.execute(statement)
    if (error) problems.push(`${error.message}: ${statement}`)
  }
  for (const step of steps) await run(step.sql)
  for (const { undo } of steps.toReversed()) if (undo !== null) await run(undo)
  return problems
}

function tableOf({ object: { schema, table } }: Finding): string | null {
  return table === null ? null : `${schema}.${table}`
}

function expectedRefusals(sql: string): readonly string[] {
  return [...sql.matchAll(/^\s*-- refused: (.+)$/gm)].map((match) => match[1]?.trim() ?? '')
}

/** The oldest major version that a rule's `bad.sql` can be run on, as far as it says. */
export function requiredBy(id: string): number {
  return Number(/^\s*-- requires: (\d+)$/m.exec(readBad(id))?.[1] ?? 0)
}

function readBad(id: string): string {
  return readFileSync(new URL(`../fixtures/rules/${id}/bad.sql`, import.meta.url), 'utf8')
}

/** An emptied database with this schema; closing it leaves the server running. */
async function fill(server: ScratchSession, schema: string): Promise<ScratchSession> {
  await emptyDatabase(server)
  await server.execute('set search_path to public')
  const error = await server.execute(schema)
  if (error) throw new Error(`${error.message} ${error.detail ?? ''}\n${schema}`)
  await server.execute('set search_path to pg_catalog')
  return { ...server, close: async () => undefined }
}
