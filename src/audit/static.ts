import { describeFileSuppressions } from '../engine/file-suppressions.js'
import { judge } from '../engine/judge.js'
import { chooseRules, DEFAULT_POLICY } from '../engine/policy.js'
import type { AuditResult } from '../engine/result.js'
import { settle, termsOf } from '../engine/settle.js'
import type { AuditRequest } from './audit.js'
import { loadRules } from '../engine/load-rules.js'
import { ConfigError } from '../errors.js'
import { loadParser } from '../evidence/catalog/expression.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import { linkMigrations } from '../evidence/migrations/link.js'
import { emptyCatalog } from '../evidence/migrations/static/catalog.js'
import { readStatically } from '../evidence/migrations/static/read.js'
import type { Evidence } from '../evidence/model.js'
import { readManifest } from '../manifest.js'
import { leaveUnproven } from './prove-findings.js'
import { readMarkedComments } from '../source/files/marked-comments.js'

/**
 * Judges new migrations by what PostgreSQL documents for their statements, without a server. Where none are named, every file is
 * new, and meets what the files before it made.
 */
export async function auditStatically(request: AuditRequest): Promise<AuditResult> {
  const { policy = DEFAULT_POLICY, source: asked } = request
  if (asked.kind !== 'files') {
    throw new ConfigError('--static reads SQL files, not a database.', { hint: 'Name the folder of the migrations.' })
  }
  const { paths } = asked
  const load = { ...request.load, exclude: request.workload ?? [] }
  await loadParser()
  const book = request.book ?? (await loadRules())
  const rules = chooseRules(book, request.rules, policy).filter(({ needs }) =>
    needs.every((need) => need === 'migrations'),
  )
  const { files, layout, migrations, before, problems, standIns, skipped } = readStatically(paths, load)
  const version = (request.productionVersion ?? 18) * 10_000
  const catalog = linkCatalog(emptyCatalog(version, before))
  const linked = migrations.map((release) =>
    linkMigrations(release, { before: catalog, statisticsOf: () => undefined, basis: 'inferred' }),
  )
  const source = { files, positions: new Map() }
  const comments = describeFileSuppressions(readMarkedComments(source))
  const evidence = (at: number): Evidence => ({
    catalog,
    statistics: null,
    workload: null,
    advice: null,
    plans: null,
    sample: null,
    source: null,
    migrations: linked[at] ?? null,
  })
  const judgements = linked.map((_, at) => judge(rules, evidence(at)))
  const outcomes = rules.map(({ id }, at) => {
    const all = judgements.flatMap(({ outcomes }) => outcomes[at] ?? [])
    const worst = ['crashed', 'found', 'skipped']
      .map((outcome) => all.find((one) => one.outcome === outcome))
      .find(Boolean)
    return worst ?? { id, outcome: 'passed' as const, reason: null }
  })
  const settled = settle(
    { judged: judgements.flatMap(({ judged }) => judged), outcomes },
    rules,
    evidence(0),
    termsOf(request, comments, book),
  )
  return {
    tool: readManifest(),
    target: {
      kind: 'files',
      name: paths.join(', '),
      serverVersion: version,
      productionVersion: request.productionVersion ?? null,
      files,
    },
    startedAt: request.startedAt.toISOString(),
    catalog,
    statistics: null,
    workload: null,
    findings: leaveUnproven(settled.judged, evidence(0)),
    suppressed: settled.suppressed,
    suppressionProblems: settled.suppressionProblems,
    baseline: null,
    since: null,
    normalForms: [],
    notSeen: [
      {
        what: 'what the migrations do on a server',
        reason: 'With --static statements are read, not run: blocks, functions and the data are not seen.',
        deliberate: true,
      },
      ...settled.notSeen,
    ],
    drift: null,
    load: { layout, problems, standIns, skipped },
    rules: settled.outcomes,
    rulebook: rules.map(({ id, category, severity, docs }) => ({ id, category, severity, docs })),
  }
}
