import { GROUND_TIERS } from '../evidence/sample/model.js'
import { z } from 'zod'
import { LOCK_MODES, PHASES } from '../fix/step.js'

/** Queries that a report lists. */
export const MOST_QUERIES = 100

/** Version of the JSON report. It grows when a field changes its meaning or goes, not when one is added. */
export const SCHEMA_VERSION = 1

const level = z.enum(['low', 'medium', 'high'])
const severity = z.enum(['error', 'warning', 'info'])
const priority = z.enum(['now', 'next', 'later'])
const total = z.int().min(0)
const lockMode = z.enum(LOCK_MODES)

const location = z.object({ file: z.string(), line: z.int().min(1), column: z.int().min(1) }).nullable()

const fix = z.object({
  status: z
    .enum(['proven', 'decision', 'advice'])
    .describe(
      'proven: applied to a copy of the schema, checked and undone. decision: proven too, but a person must answer `reason` first. advice: not proven, for the `reason` given.',
    ),
  up: z.array(z.string()).describe('SQL statements without the final semicolon, in order.'),
  down: z.array(z.string()).describe('SQL statements that take `up` back, in order.'),
  phase: z.array(z.enum(PHASES)).describe('The phases that the statements belong to, in order.'),
  locks: z
    .record(z.string(), lockMode)
    .describe('Strongest lock by table address: observed, or documented for what runs concurrently.'),
  rewrites: z.array(z.string()).describe('Tables that were seen to be written anew.'),
  steps: z
    .array(
      z.object({
        phase: z.enum(PHASES),
        transactional: z.boolean(),
        observed: z
          .object({
            locks: z.record(z.string(), lockMode),
            rewrites: z.array(z.string()),
            scans: z.array(z.string()),
            watched: z
              .boolean()
              .describe('False: it runs outside a transaction, and PostgreSQL’s documentation speaks.'),
          })
          .nullable(),
        duration: z
          .object({
            class: z.enum(['instant', 'scan', 'rewrite']),
            tables: z.array(
              z.object({ address: z.string(), rows: z.number().nullable(), bytes: z.number().nullable() }),
            ),
            basis: z.string().nullable().describe('What the estimate rests on; null without statistics.'),
          })
          .nullable()
          .describe('An estimate for the scanned database.'),
      }),
    )
    .optional()
    .describe('What the proof saw of each statement of `up`, in the same order.'),
  dependents: z
    .array(
      z.object({
        kind: z.enum([
          'view',
          'materialized view',
          'function',
          'procedure',
          'trigger',
          'policy',
          'generated column',
          'query',
        ]),
        name: z.string().describe('Address, or the name or beginning of a query.'),
        location: location.describe('Where a query stands.'),
        columns: z
          .array(z.string())
          .describe('Columns that it touches; empty when it only names them in SQL that it puts together.'),
      }),
    )
    .optional()
    .describe('What touches the columns that the fix changes.'),
  data: z
    .array(
      z.object({
        count: z.string().describe('The SELECT that counts the rows in the way of a constraint.'),
        listing: z.string().nullable().describe('A SELECT that lists them.'),
        outcome: z.enum(['clear', 'in the way', 'not checked']),
        rows: total.nullable(),
        keyColumns: z.array(z.string()).describe('Columns of the primary key.'),
        keys: z.array(z.string()).describe('Primary keys of some of them; no other value of a row.'),
        reason: z.string().nullable().describe('Why it was not checked.'),
      }),
    )
    .optional()
    .describe('What the present data say to the constraints of the fix.'),
  provenOn: z.int().nullable().optional().describe('`server_version_num` of the server that the proof ran on.'),
  reason: z.string().nullable().describe('The question of a decision, or why it is only advice.'),
})

const grounds = z
  .object({
    tier: z.enum(GROUND_TIERS),
    verdict: z.enum(['holds', 'holds with exceptions', 'refuted', 'not verified']),
    rowsConsidered: total,
    rowsTotal: z.number().nullable(),
    support: total.describe('Rows, groups or values that could have contradicted it.'),
    violations: total,
    violationUpper95: z.number().min(0).max(1).describe('Upper bound (95 %) of the share of rows that contradict it.'),
    expectedByChance: z.number().nullable(),
    counterexamples: z.array(
      z.object({
        key: z.record(z.string(), z.string()),
        values: z.record(z.string(), z.string().nullable()).nullable(),
      }),
    ),
    sql: z.string(),
    milliseconds: z.number(),
    snapshotAt: z.string(),
    statisticsAgeDays: z.number().nullable(),
    whyNotHigher: z.string().nullable(),
    wouldFalsify: z.string(),
  })
  .describe('What rows told; absent where none were looked at.')

const finding = z.object({
  rule: z.string().describe('Rule id: `category/defect`.'),
  severity,
  address: z.string().describe('Stable and unquoted: `schema.table[.column|.constraint|.index]`.'),
  object: z.object({
    kind: z.string(),
    schema: z.string().nullable(),
    table: z.string().nullable(),
    name: z.string(),
    columns: z.array(z.string()),
  }),
  related: z.array(z.string()).describe('Addresses of other objects that take part.'),
  message: z.string(),
  advice: z.string().describe('What to do, in words.'),
  location: z
    .object({ file: z.string(), line: z.int().min(1), column: z.int().min(1) })
    .nullable()
    .describe('Where the object was last defined; null when it did not come from a file.'),
  evidence: z.object({
    tier: z.enum(['declared', 'observed', 'measured', 'sampled', 'verified', 'inferred']),
    facts: z.record(z.string(), z.json()).describe('What the rule saw; its keys depend on the rule.'),
    grounds: grounds.optional(),
  }),
  impact: level,
  complexity: level.describe('Effort of the cure.'),
  confidence: z.number().min(0).max(1),
  priority,
  fix: fix.nullable(),
  query: z
    .object({
      text: z.string().describe('Without literals.'),
      rewrite: z
        .object({
          status: z.enum(['proven', 'advice']),
          text: z.string().nullable().describe('Without literals; null unless it is proven.'),
          reason: z.string().nullable().describe('Why it is not proven.'),
          rows: total.describe('Rows that both returned on generated data.'),
          joined: z
            .object({ text: z.string(), rows: total })
            .optional()
            .describe('The same, joined to the query before it; only when that is proven.'),
        })
        .nullable(),
    })
    .optional()
    .describe('The query that the finding is about.'),
  fingerprint: z.string().describe('Identity across runs: rule and address, hashed.'),
})

const difference = z.object({
  kind: z.string(),
  address: z.string(),
  change: z.enum(['only in the files', 'only in the database', 'different']),
  details: z.array(z.object({ what: z.string(), files: z.string(), database: z.string() })),
})

const reference = z.object({ rule: z.string(), address: z.string(), severity })
const moved = reference.extend({ was: severity.describe('What it was before.') })

const past = reference.extend({
  reason: z.string().optional().describe('Why the baseline accepted it.'),
  owner: z.string().optional(),
  expires: z.string().optional().describe('The last day on which it was accepted.'),
})

const comparison = z.object({
  name: z.string().describe('The file compared with.'),
  new: z.array(reference),
  worse: z.array(moved).describe('The severity rose.'),
  better: z.array(moved).describe('The severity fell.'),
  known: total,
  resolved: z.array(past).describe('No longer found by a rule that looked again.'),
  expired: z.array(past).describe('Entries of a baseline whose date has passed; their findings are new again.'),
})

const queryFigures = z
  .object({
    calls: total,
    millisecondsPerCall: z.number().nullable(),
    shareOfTime: z.number().nullable().describe('0 … 1, of the time of all queries.'),
    callsPerHour: z.number().nullable(),
  })
  .nullable()

/** The JSON report, version 1. */
export const auditSchema = z
  .object({
    schemaVersion: z.literal(SCHEMA_VERSION),
    tool: z.object({ name: z.string(), version: z.string() }),
    target: z.object({
      kind: z.enum(['files', 'server', 'snapshot']),
      name: z.string().describe('Paths, or `host:port/database` without credentials.'),
      serverVersion: z.int().describe('`server_version_num`, e.g. 150018.'),
      productionVersion: z
        .int()
        .nullable()
        .describe(
          'Major version in production, where the configuration names one; the review is for the older of both.',
        ),
      files: z.array(z.string()),
    }),
    summary: z.object({
      startedAt: z.iso.datetime(),
      tables: total,
      findings: total,
      severities: z.object({ error: total, warning: total, info: total }),
      priorities: z.object({ now: total, next: total, later: total }),
      fixes: z.object({ proven: total, decision: total, advice: total, none: total }),
      rules: z.object({ found: total, passed: total, skipped: total, crashed: total }),
    }),
    findings: z.array(finding),
    normalForms: z.array(
      z.object({
        table: z.string(),
        normalForm: z.enum(['UNF', '1NF', '2NF', '3NF', 'BCNF']),
        basis: z.string().describe('What could have contradicted it.'),
        issues: z.array(z.string()),
        recommendation: z.string().nullable(),
      }),
    ),
    workload: z
      .object({
        sources: z.array(
          z.object({
            kind: z.enum(['files', 'pg_stat_statements', 'log']),
            name: z.string(),
            from: z.string().nullable(),
            to: z.string().nullable(),
          }),
        ),
        queries: z
          .array(
            z.object({
              fingerprint: z.string(),
              sql: z.string().describe('With $1, $2 … for literals.'),
              name: z.string().nullable(),
              location,
              tags: z.record(z.string(), z.string()).describe('What sqlcommenter wrote.'),
              calls: total,
              milliseconds: z.number().nullable(),
              longestMilliseconds: z.number().nullable(),
              shareOfTime: z.number().nullable().describe('0 … 1, of the time of all queries.'),
              rows: z.number().nullable(),
              missRatio: z.number().nullable().describe('Of its blocks, those that were not in shared buffers.'),
              temporaryBlocks: z.number().nullable(),
            }),
          )
          .describe('The queries that take most of the time first; 100 at most.'),
      })
      .optional()
      .describe('What a server measured of the application’s queries.'),
    notSeen: z.array(z.object({ what: z.string(), reason: z.string() })).describe('What was not looked at, and why.'),
    rules: z.array(
      z.object({
        id: z.string(),
        outcome: z.enum(['found', 'passed', 'skipped', 'crashed']),
        reason: z.string().nullable(),
        lacks: z
          .enum(['catalog', 'statistics', 'workload', 'advice', 'plans', 'sample', 'source', 'migrations'])
          .optional()
          .describe('What it was skipped for want of.'),
      }),
    ),
    drift: z
      .array(difference)
      .optional()
      .describe('Where the database is not what the files make; only when both were given.'),
    suppressed: z
      .array(
        finding.extend({
          suppression: z.object({
            kind: z.enum(['inSource', 'external']),
            origin: z.string().describe('Where the suppression stands.'),
            reason: z.string().nullable(),
            until: z.string().nullable().describe('The last day on which it holds.'),
          }),
        }),
      )
      .optional()
      .describe('Findings that someone has answered for; they are not among `findings`.'),
    suppressionProblems: z
      .array(
        z.object({
          kind: z.enum(['unused', 'expired', 'without reason', 'unknown rule', 'malformed']),
          origin: z.string(),
          location,
          message: z.string(),
        }),
      )
      .optional()
      .describe('Suppressions that do nothing or do not hold.'),
    baseline: comparison.optional().describe('Beside the baseline; only with one.'),
    queriesSince: z
      .object({
        name: z.string().describe('The file that holds the earlier report or snapshot.'),
        isBetween: z.boolean().describe('The counters ran on: `now` is what came since, not the total.'),
        changes: z.array(
          z.object({
            state: z
              .enum(['new', 'risen', 'slower', 'faster', 'more often', 'less often', 'gone'])
              .describe('risen: it was not among the queries that the earlier report lists.'),
            fingerprint: z.string(),
            sql: z.string().describe('With $1, $2 … for literals.'),
            name: z.string().nullable(),
            before: queryFigures,
            now: queryFigures,
          }),
        ),
      })
      .optional()
      .describe('Queries that take at least a hundredth of the time and changed; only with --since.'),
    since: comparison.optional().describe('Beside an earlier report; only with --since.'),
  })
  .meta({ title: 'pg-billing-audit report', description: 'What `pg-billing-audit scan --format json` writes.' })

export type AuditReport = z.infer<typeof auditSchema>

/** The JSON Schema (2020-12) that is published as `schema/audit.json`. Fields may be added without a new version. */
export function renderAuditSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(auditSchema, { io: 'input' }), null, 2)}\n`
}
