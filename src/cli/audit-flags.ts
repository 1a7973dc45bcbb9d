import { Args, Flags } from '@oclif/core'
import type { AuditRequest } from '../audit/audit.js'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import type { Configuration } from './configuration.js'
import { interruptible } from './interruptible.js'
import type { RunnerChoice } from '../source/files/runners.js'
import { resolveSource, type SourceFlags } from './source.js'

/** The arguments of commands that audit a database. */
export const auditArgs = {
  targets: Args.string({
    description:
      'SQL files and folders, or a postgres:// URL; both to compare them. Without any: DATABASE_URL, then PGHOST and its like.',
    multiple: true,
    required: false,
  }),
}

/** The flags of commands that read a configuration. */
export const configFlags = {
  config: Flags.string({
    description: 'Configuration file; by default pg-billing-audit.config.* or package.json, here or in a folder above.',
    helpValue: '<file>',
    exclusive: ['no-config'],
  }),
  'no-config': Flags.boolean({ description: 'Read no configuration.' }),
}

/** The flags of commands that audit a database. */
export const auditFlags = {
  db: Flags.string({
    description:
      'Connection string of the server to read: a URL, or `host=… dbname=…`. Further ones are its replicas, whose counters are added: an index that only they read is no unused one.',
    multiple: true,
    multipleNonGreedy: true,
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
      "SQL file with the application's queries, or a server's log (stderr, csvlog, jsonlog; also gzipped); may be repeated. The file queries.sql of a scanned folder is always one, and not read as schema. Of a live server, pg_stat_statements is read too.",
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<file>',
  }),
  'log-line-prefix': Flags.string({
    description: "The server's log_line_prefix, for logs whose lines begin in no usual way.",
    helpValue: '<prefix>',
    dependsOn: ['workload'],
  }),
  'show-literals': Flags.boolean({
    description: 'Show queries as they were sent, with their literals, which may be personal data.',
    dependsOn: ['workload'],
  }),
  explain: Flags.boolean({
    description:
      'Ask the live server how it plans each query of the workload, in a read-only transaction; nothing is run.',
  }),
  'explain-analyze': Flags.boolean({
    description:
      'Also run each query that only reads and has no parameters, 5 s at most, and compare the plan with what came of it.',
    dependsOn: ['explain'],
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
  after: Flags.string({
    description:
      'Judge the migrations behind this one as new: what they do to what earlier ones made, or to the database of --db or --snapshot.',
    helpValue: '<migration>',
    exclusive: ['changed', 'base'],
  }),
  changed: Flags.boolean({ description: 'Judge as new the migrations that git says were added or changed.' }),
  base: Flags.string({
    description: 'Branch that the change goes to, for --changed; by default what CI says, else the main branch.',
    helpValue: '<ref>',
    dependsOn: ['changed'],
  }),
  'proof-db': Flags.string({
    description:
      'Connection string of a server to prove fixes on, in a scratch database that is created there and dropped; its own databases are left alone. By default fixes are proven on an embedded PostgreSQL 18.',
    helpValue: '<url>',
  }),
  'check-data': Flags.boolean({
    allowNo: true,
    default: true,
    description:
      'On a live server, count the rows in the way of each constraint that a fix adds, 5 s for one and 30 s for all, and name their primary keys.',
  }),
  data: Flags.option({
    options: ['off', 'sample', 'full'] as const,
    description:
      'Look at rows, each look a read-only transaction of its own of 5 s at most, on a replica where one is named: sample takes some rows of each table (small tables whole), full also reads whole what survives. By default off for a server, and full for files that insert rows. No value leaves the database.',
  })(),
  'max-verify-bytes': Flags.integer({
    description: 'With --data full, larger tables are sampled and not read whole. By default 10 GiB.',
    helpValue: '<bytes>',
    min: 0,
  }),
  'accept-sample': Flags.boolean({
    description: 'Offer statements also where only a sample was looked at.',
  }),
  'show-values': Flags.boolean({
    description: 'Show values beside the keys of rows that contradict a finding.',
  }),
  cache: Flags.boolean({
    allowNo: true,
    default: true,
    description:
      'Keep what new migrations meet, and their review, for the next time that the same is asked of the same files.',
  }),
  ...configFlags,
  quiet: Flags.boolean({ char: 'q', description: 'Show no progress.' }),
}

/** What `auditArgs` and `auditFlags` parse to. */
export interface AuditInput {
  readonly args: { readonly targets?: readonly string[] | undefined }
  readonly flags: {
    readonly db?: readonly string[] | undefined
    readonly snapshot?: string | undefined
    readonly rule?: readonly string[] | undefined
    readonly workload?: readonly string[] | undefined
    readonly 'log-line-prefix'?: string | undefined
    readonly 'show-literals'?: boolean
    readonly explain?: boolean
    readonly 'explain-analyze'?: boolean
    readonly layout?: string | undefined
    readonly variable?: readonly string[] | undefined
    readonly after?: string | undefined
    readonly changed?: boolean
    readonly static?: boolean
    readonly base?: string | undefined
    readonly 'proof-db'?: string | undefined
    readonly 'check-data'?: boolean
    readonly data?: 'off' | 'sample' | 'full' | undefined
    readonly 'max-verify-bytes'?: number | undefined
    readonly 'accept-sample'?: boolean
    readonly 'show-values'?: boolean
    readonly cache?: boolean
    readonly config?: string | undefined
    readonly 'no-config'?: boolean
    readonly quiet: boolean
  }
}

/** Audits what the command line names, else what the configuration does, showing progress on standard error. */
export async function runAudit(
  { args, flags }: AuditInput,
  configuration: Configuration,
  { choose, ...options }: Pick<AuditRequest, 'prove' | 'choose' | 'move'> = {},
): Promise<AuditResult> {
  const { source = {}, target } = configuration.config
  const layout = flags.layout ?? source.layout
  const request = resolveSource(chooseSource({ args, flags }, configuration), process.env)
  const variables = { ...source.variables, ...readVariables(flags.variable ?? []) }
  const audit = flags.static
    ? (await import('../audit/static.js')).auditStatically
    : flags.cache === false
      ? (await import('../audit/audit.js')).audit
      : (await import('../audit/kept-review.js')).auditOrRecall
  const newMigrations = await nameNew(flags, request.source)
  const database = newMigrations ? underMigrations(request.source) : request.source
  return interruptible(flags.quiet, (progress, signal) =>
    audit({
      ...configuration.request,
      ...request,
      source: database,
      ...options,
      rules: flags.rule ?? [],
      showLiterals: flags['show-literals'] ?? false,
      ...(flags['log-line-prefix'] === undefined ? {} : { linePrefix: flags['log-line-prefix'] }),
      checkData: (flags['check-data'] ?? true) && configuration.config.fix?.checkData !== false,
      data: dataOf(flags, configuration),
      ...(flags.explain ? { explain: { analyze: flags['explain-analyze'] ?? false } } : {}),
      ...proofDatabaseOf(flags, configuration),
      load: {
        ...(layout === undefined ? {} : { layout }),
        variables,
        ...(target ? { runner: runnerOf(target) } : {}),
        ...(newMigrations ? { newMigrations } : {}),
        ...(flags.cache === undefined ? {} : { cache: flags.cache }),
        onProgress: ({ file, done, total }) => progress.begin(`Loading ${file} (${done} of ${total})`),
      },
      ...(choose && {
        choose: async (findings, catalog) => {
          // A question may be asked.
          progress.end()
          const chosen = await choose(findings, catalog)
          if (chosen) progress.begin('Proving the choice')
          return chosen
        },
      }),
      progress: progress.begin,
      signal,
      startedAt: new Date(),
    }),
  )
}

/** The new migrations that the command line names; undefined for none. */
async function nameNew(
  { after, changed = false, base }: AuditInput['flags'],
  source: AuditRequest['source'],
): Promise<NonNullable<AuditRequest['load']>['newMigrations']> {
  if (after === undefined && !changed) return undefined
  const paths = source.kind === 'files' ? source.paths : (source.files ?? [])
  const [first] = paths
  if (first === undefined)
    throw new ConfigError(`${changed ? '--changed' : '--after'} needs the migrations' files.`, {
      hint: 'Name the folder that holds them.',
    })
  if (after !== undefined) return { kind: 'after', migration: after }
  const { findChangedFiles } = await import('./changed-files.js')
  return { kind: 'files', paths: await findChangedFiles(first, base, process.env) }
}

/** A server or a snapshot beside new migrations is what they will meet. */
function underMigrations(source: AuditRequest['source']): AuditRequest['source'] {
  if (source.kind === 'files') return source
  const { files: paths = [], ...base } = source
  return { kind: 'files', paths, base }
}

/** How far rows are looked at: the command line's word, else the configuration's. */
function dataOf(flags: AuditInput['flags'], { config }: Configuration): NonNullable<AuditRequest['data']> {
  const { depth, maxVerifyBytes, acceptSample = false, showValues = false } = config.data ?? {}
  const [chosen, bytes] = [flags.data ?? depth, flags['max-verify-bytes'] ?? maxVerifyBytes]
  return {
    ...(chosen === undefined ? {} : { depth: chosen }),
    ...(bytes === undefined ? {} : { verifyBytes: bytes }),
    acceptSample: flags['accept-sample'] || acceptSample,
    showValues: flags['show-values'] || showValues,
  }
}

/** The server where fixes are proven: the command line's, else that of the variable that the configuration names, where it is set. */
function proofDatabaseOf(
  { static: isStatic, ...flags }: AuditInput['flags'],
  { config }: Configuration,
): Pick<AuditRequest, 'proofDatabase'> {
  const named = config.fix?.proofDatabase
  const url = flags['proof-db'] ?? (named === undefined || isStatic ? undefined : process.env[named])
  return url ? { proofDatabase: url } : {}
}

/** What the configuration says of the tool that runs the migrations. */
function runnerOf({ runner, transaction }: NonNullable<Configuration['config']['target']>): RunnerChoice {
  return { ...(runner === undefined ? {} : { name: runner }), ...(transaction === undefined ? {} : { transaction }) }
}

/** A database or files on the command line put those of the configuration out of force. */
export function chooseSource({ args, flags }: AuditInput, { config, path, file }: Configuration): SourceFlags {
  const { targets = [] } = args
  const { db = [], snapshot, workload = [] } = flags
  const { source = {} } = config
  const queries = workload.length > 0 ? workload : (source.workload ?? []).map(path)
  if (targets.length > 0 || db.length > 0 || snapshot !== undefined) return { targets, db, snapshot, workload: queries }
  const connection = source.database === undefined ? undefined : process.env[source.database]
  const paths = (source.targets ?? []).map(path)
  if (source.database !== undefined && !connection && paths.length === 0 && source.snapshot === undefined)
    throw new ConfigError(
      `${source.database} is not set, and ${file ?? 'the configuration'} takes the database from it.`,
      {
        hint: 'Set the variable, or name files or a server on the command line.',
      },
    )
  return {
    targets: paths,
    db: connection ? [connection] : [],
    snapshot: source.snapshot === undefined ? undefined : path(source.snapshot),
    workload: queries,
  }
}

/** Assignments `name=value`. Throws ConfigError. */
export function readVariables(assignments: readonly string[]): Readonly<Record<string, string>> {
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
