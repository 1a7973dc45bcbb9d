import { z } from 'zod'
import { ROLES } from '../billing/roles/role.js'
import { ACCEPTABLE } from '../engine/coverage.js'
import { PRESETS } from '../engine/policy.js'
import { LOCK_NAMES } from '../source/lock-mode.js'

const level = z
  .enum(['off', 'on', 'error', 'warning', 'info'])
  .describe('off: not judged · on: judged with its own severity · error, warning, info: judged with this severity.')
const setting = z.union([
  level,
  z.strictObject({
    severity: level.optional(),
    options: z.record(z.string(), z.json()).optional().describe('Handed to the rule; its page says what it takes.'),
  }),
])
const rules = z
  .record(z.string(), setting)
  .describe('Rule id, `category/*` or `*` → setting; the more exact one counts.')
const pattern = z
  .string()
  .min(1)
  .describe(
    'Covers what it names and what belongs to that. `*`: any text without the separator, `**`: any text, `?`: one character.',
  )
const patterns = z.array(pattern)
const date = z
  .string()
  .regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, 'must be a date such as 2027-01-31')
  .describe('The last day on which it holds.')

/** What a table is to a subscription business. */
const role = z.enum([...ROLES, 'other']).describe('other: none of these, whatever it looks like.')

/** A configuration file. Paths are relative to its folder. */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
    presets: z
      .array(z.enum(PRESETS))
      .min(1)
      .optional()
      .describe(
        'recommended (default): all but opinions · billing: the same, with more weight on what touches money (rules of the category billing, and those whose page says so) · strict: the same, one step more severe · migrations: only rules of the category migrations · style: opinions on schemas · hygiene: opinions on how migrations are written. Several add up.',
      ),
    rules: rules.optional(),
    overrides: z
      .array(
        z.strictObject({
          schemas: patterns.optional(),
          tables: patterns.optional().describe('`schema.table`.'),
          objects: patterns.optional().describe('`schema.table.column`, `.constraint` or `.index`.'),
          files: patterns.optional().describe('Paths of SQL files, as a report shows them.'),
          rules,
        }),
      )
      .optional()
      .describe('Settings for some objects; all patterns that are given must match, and the last word counts.'),
    ignore: z
      .strictObject({ schemas: patterns.optional(), tables: patterns.optional(), files: patterns.optional() })
      .optional()
      .describe('What is not judged at all. Every report says how much that was.'),
    suppressions: z
      .array(
        z.strictObject({
          rules: z.array(z.string().min(1)).min(1).describe('Rule ids, `category/*` or `*`.'),
          objects: patterns.min(1).describe('`schema.table`, `schema.table.column` …'),
          reason: z.string().min(1).optional(),
          expires: date.optional(),
        }),
      )
      .optional()
      .describe('Findings that are accepted as they are. They are counted, and reported when they cover nothing.'),
    requireReason: z.boolean().optional().describe('A suppression without a reason does not hold. Default false.'),
    source: z
      .strictObject({
        targets: z.array(z.string().min(1)).optional().describe('SQL files and folders, when none are named.'),
        database: z
          .string()
          .regex(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable')
          .optional()
          .describe('Environment variable with the connection string; never the string itself.'),
        snapshot: z.string().min(1).optional(),
        workload: z.array(z.string().min(1)).optional().describe("SQL files with the application's queries."),
        layout: z.string().optional().describe('Migration tool that the files follow; recognized when absent.'),
        variables: z.record(z.string(), z.string()).optional(),
      })
      .optional(),
    target: z
      .strictObject({
        version: z
          .int()
          .min(10)
          .max(30)
          .optional()
          .describe(
            'Major version of the PostgreSQL in production. Where it is older than what is scanned, advice and SQL are for it.',
          ),
        runner: z
          .string()
          .optional()
          .describe('What runs the migrations, such as flyway; by default the tool that the layout tells.'),
        transaction: z
          .enum(['all', 'each', 'query', 'none'])
          .optional()
          .describe(
            'What the runner puts into one transaction: all files that are pending · each file · a file that it sends as one query · none, a statement by itself. A file that opts out as the tool has it is left out. By default as the tool does.',
          ),
      })
      .optional()
      .describe('Where migrations will run.'),
    fix: z
      .strictObject({
        format: z
          .string()
          .min(1)
          .optional()
          .describe('Migration tool to write for; by default that of the folder, or target.runner.'),
        output: z.string().min(1).optional().describe('Folder to write into.'),
        maxLock: z
          .enum(LOCK_NAMES)
          .optional()
          .describe('Leave out every fix that takes a stronger lock than this on a table that is there.'),
        proofDatabase: z
          .string()
          .regex(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable')
          .optional()
          .describe(
            'Environment variable with the connection string of a server where fixes are proven, in a scratch database that is made and dropped there. Where it is not set, an embedded server serves.',
          ),
        checkData: z
          .boolean()
          .optional()
          .describe('Count the rows in the way of the constraints that fixes add. Default true.'),
      })
      .optional()
      .describe(
        'How migrations with fixes are written; a flag of the command counts more. Their server is target.version.',
      ),
    data: z
      .strictObject({
        depth: z
          .enum(['off', 'sample', 'full'])
          .optional()
          .describe(
            'off (default for a server): none · sample: some rows of each table, small tables whole · full (default for files that insert rows): whole what survives the sample.',
          ),
        maxVerifyBytes: z.int().min(0).optional().describe('Larger tables are not read whole. Default 10 GiB.'),
        acceptSample: z.boolean().optional().describe('A sample suffices for statements. Default false.'),
        showValues: z.boolean().optional().describe('Values may be shown beside keys. Default false.'),
      })
      .optional()
      .describe('Whether rows are looked at.'),
    tables: z
      .record(z.string(), z.strictObject({ role }))
      .optional()
      .describe('What tables are to the business, by `schema.table`, where `scan --roles` is wrong about them.'),
    ownRules: z
      .string()
      .min(1)
      .optional()
      .describe('Folder with rules of your own, `category/defect.ts`; they import `pg-billing-audit/kit`.'),
    baseline: z
      .union([z.string().min(1), z.literal(false)])
      .optional()
      .describe('Baseline file. Default pg-billing-audit.baseline.json when it is there; false for none.'),
    failOn: z.enum(['error', 'warning', 'info', 'never']).optional().describe('Default error.'),
    maxFindings: z.int().min(0).optional().describe('More findings than this fail, whatever their severity.'),
    strict: z.boolean().optional().describe('Holes in what was looked at fail too.'),
    acceptUnseen: z
      .array(z.enum(ACCEPTABLE))
      .optional()
      .describe(
        'Holes that do not fail under `strict`, because they are as they should be. statistics: none, or too young · workload: no queries · source: no SQL files · stand-ins: what the files rely on and do not make. They are still reported.',
      ),
    formats: z.array(z.string().min(1)).optional().describe('`name`, or `name=file` for reports into files.'),
  })
  .meta({ title: 'pg-billing-audit configuration', description: 'pg-billing-audit.config.{ts,js,mjs,json,jsonc,yaml}' })

export type Config = z.infer<typeof configSchema>

/** The JSON Schema (draft 7, which editors know best) that is published as `schema/config.json`. */
export function renderConfigSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' }), null, 2)}\n`
}
