import { Args, Flags } from '@oclif/core'
import type { AuditRequest } from '../audit.js'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import { startProgress } from './progress.js'
import { resolveSource } from './source.js'

/** The arguments of commands that audit a database. */
export const auditArgs = {
  targets: Args.string({
    description:
      'SQL files and folders, or a postgres:// URL; both to compare them. Without any: DATABASE_URL, then PGHOST and its like.',
    multiple: true,
    required: false,
  }),
}

/** The flags of commands that audit a database. */
export const auditFlags = {
  db: Flags.string({
    description: 'Connection string of the server to read: a URL, or `host=… dbname=…`.',
    helpValue: '<url>',
  }),
  snapshot: Flags.string({ description: 'File that `snapshot` wrote, in place of a server.', helpValue: '<file>' }),
  rule: Flags.string({
    description: 'Judge by this rule only; may be repeated.',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<id>',
  }),
  workload: Flags.string({
    description:
      "SQL file with the application's queries; may be repeated. By default queries.sql in a scanned folder, which is then not read as schema.",
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<file>',
  }),
  layout: Flags.string({
    description: 'Migration tool that the files follow, such as flyway or prisma; recognized when not given.',
    helpValue: '<name>',
  }),
  variable: Flags.string({
    description: 'Value for a psql variable or a template placeholder in the files; may be repeated.',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<name=value>',
  }),
  quiet: Flags.boolean({ char: 'q', description: 'Show no progress.' }),
}

/** What `auditArgs` and `auditFlags` parse to. */
export interface AuditInput {
  readonly args: { readonly targets?: readonly string[] | undefined }
  readonly flags: {
    readonly db?: string | undefined
    readonly snapshot?: string | undefined
    readonly rule?: readonly string[] | undefined
    readonly workload?: readonly string[] | undefined
    readonly layout?: string | undefined
    readonly variable?: readonly string[] | undefined
    readonly quiet: boolean
  }
}

/** Audits what the command line names, showing progress on standard error. */
export async function runAudit(
  { args, flags }: AuditInput,
  options: Pick<AuditRequest, 'prove'> = {},
): Promise<AuditResult> {
  const { targets = [] } = args
  const { db, snapshot, rule = [], workload = [], layout, variable = [], quiet } = flags
  const request = resolveSource({ targets, db, snapshot, workload }, process.env)
  const variables = readVariables(variable)
  const { audit } = await import('../audit.js')
  const progress = startProgress(process.stderr, quiet)
  try {
    return await audit({
      ...request,
      ...options,
      rules: rule,
      load: {
        ...(layout === undefined ? {} : { layout }),
        variables,
        onProgress: ({ file, done, total }) => progress.begin(`Loading ${file} (${done} of ${total})`),
      },
      progress: progress.begin,
      startedAt: new Date(),
    })
  } finally {
    progress.end()
  }
}

function readVariables(assignments: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? []
      if (name === undefined || value === undefined) {
        throw new ConfigError(`--variable ${assignment} has no value.`, { hint: 'Write --variable name=value.' })
      }
      return [name, value]
    }),
  )
}
