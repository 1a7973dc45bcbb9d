import type { Finding } from '../engine/result.js'
import { quoteLiteral } from '../quote.js'
import { describeDependents } from './describe-dependents.js'
import { describeSize } from './duration.js'
import type { OrderedStep } from './plan.js'
import {
  builtIndex,
  droppedIndex,
  insideTransaction,
  repeatable,
  repeatableDrop,
  unquoted,
  validatedConstraint,
} from './statement-shapes.js'
import type { Phase, Step } from './step.js'
import { CONCURRENT_LOCK_TIMEOUT, LOCK_TIMEOUT } from './steps/timeouts.js'

/** A statement of a migration file, without the final semicolon, with what is said about it. */
export interface PartStatement {
  readonly sql: string
  readonly comments: readonly string[]
}

/** What stands in one migration: one transaction, or statements that each run by themselves. A part that failed can be run again. */
export interface MigrationPart {
  readonly phase: Phase
  /** `expand_invoices`: lower-case letters, digits and underscores. */
  readonly name: string
  readonly transactional: boolean
  /** What is said about the whole. */
  readonly about: readonly string[]
  readonly up: readonly PartStatement[]
  /** Empty when taking back another part takes this one back too. */
  readonly down: readonly PartStatement[]
}

/**
 * What a tool can run outside a transaction. statements: a file whose statements it sends one by one, over one connection ·
 * statement: a file of one statement, since it sends files whole · nothing: it has no such mode.
 */
export type OutsideTransaction = 'statements' | 'statement' | 'nothing'

/** Cuts a plan into parts; `names` are taken already. A transaction never holds the strong locks of two steps on different tables at once. */
export function makeParts(
  planned: readonly OrderedStep[],
  findings: readonly Finding[],
  outside: OutsideTransaction,
  names = new Set<string>(),
): readonly MigrationPart[] {
  return cut(planned, outside).flatMap((steps) => {
    const parts = makePart(steps, findings, outside)
    return parts.map((part) => ({ ...part, name: takeName(part.name, names) }))
  })
}

/** Neighbours of one phase that belong together. */
function cut(planned: readonly OrderedStep[], outside: OutsideTransaction): readonly (readonly OrderedStep[])[] {
  const runs: { key: string; steps: OrderedStep[] }[] = []
  for (const one of planned) {
    const key = `${one.step.phase} ${keyOf(one, outside)}`
    const last = runs.at(-1)
    if (last?.key === key) last.steps.push(one)
    else runs.push({ key, steps: [one] })
  }
  return runs.map(({ steps }) => steps)
}

function keyOf({ step, group }: OrderedStep, outside: OutsideTransaction): string {
  if (outside === 'nothing') return 'inside'
  if (group === null) return 'outside'
  return isValidation(step) && outside === 'statements' ? 'outside' : `inside ${group}`
}

/** What is valid already is not checked again, so that a file of these can be run again without a transaction. */
function isValidation({ sql }: Step): boolean {
  return validatedConstraint(sql) !== null
}

function makePart(
  steps: readonly OrderedStep[],
  findings: readonly Finding[],
  outside: OutsideTransaction,
): readonly MigrationPart[] {
  const [first] = steps
  if (!first) return []
  const { phase } = first.step
  const transactional = keyOf(first, outside).startsWith('inside')
  const because = (owners: readonly string[]) => findings.filter(({ fingerprint }) => owners.includes(fingerprint))
  const up = steps.map(({ step, owners }) => ({ step, because: because(owners) }))
  const down = steps
    .toReversed()
    .flatMap(({ step, owners }) => (step.undo === null ? [] : [{ sql: step.undo, because: because(owners) }]))
  const undone = down.map(({ sql, because }) => ({ sql, comments: because.map(nameOf) }))
  const about = aboutPhase(phase)
  const name = `${phase}_${nameSteps(
    steps.map(({ step }) => step),
    because(first.owners),
  )}`

  if (transactional) {
    const guards = up.flatMap(({ step, because }) => guardOf(step, because))
    const applied = up.map(({ step, because }) => ({
      sql: insideTransaction(step.sql),
      comments: commentsOf(step, because),
    }))
    const before = steps.flatMap(({ step, group }) => (group === null ? [`${step.sql};`] : []))
    return [
      {
        phase,
        name,
        transactional,
        about: [
          ...about,
          ...(before.length > 0
            ? [
                'On a database in use, run these first with psql, one by one; the migration then finds them done:',
                ...before,
              ]
            : []),
          `A wait of more than ${LOCK_TIMEOUT} for a lock fails, and nothing is done: run it again.`,
        ],
        up: [...guards, ...withLimits(applied, true)],
        down: withLimits(
          undone.map(({ sql, comments }) => ({ sql: insideTransaction(sql), comments })),
          true,
        ),
      },
    ]
  }
  if (outside === 'statement') {
    const clearing = up.flatMap(({ step }) => [...guardOf(step, []), ...clearInvalid(step.sql)])
    const hint =
      clearing.length > 0
        ? ['If it fails, run the migration before this one again: it clears the invalid index away.']
        : []
    return [
      ...(clearing.length > 0
        ? [
            {
              phase,
              name: `${phase}_clear_invalid_indexes`,
              transactional: true,
              about: ['Takes away what failed builds of the next migrations left behind; else does nothing.'],
              up: withLimits(clearing, true),
              down: [],
            },
          ]
        : []),
      ...up.map(({ step, because }) => ({
        phase,
        name: `${phase}_${nameSteps([step], because)}`,
        transactional: false,
        about: [...about, 'The only statement here, because it runs outside a transaction.', ...hint],
        up: [{ sql: step.sql, comments: commentsOf(step, because) }],
        down: step.undo === null ? [] : [{ sql: repeatableDrop(step.undo), comments: because.map(nameOf) }],
      })),
    ]
  }
  const again = (sql: string, comments: readonly string[]) => [...clearInvalid(sql), { sql: repeatable(sql), comments }]
  return [
    {
      phase,
      name,
      transactional,
      about: [...about, 'Each statement runs by itself, outside a transaction. If one fails, run the file again.'],
      up: withLimits(
        up.flatMap(({ step, because }) => [...guardOf(step, []), ...again(step.sql, commentsOf(step, because))]),
        false,
      ),
      down: withLimits(
        undone.flatMap(({ sql, comments }) => again(sql, comments)),
        false,
      ),
    },
  ]
}

function aboutPhase(phase: Phase): readonly string[] {
  const proven = 'Proven on a scratch database: applied, the findings gone, nothing new found, undone without a trace.'
  return phase === 'contract'
    ? [proven, 'Takes things away: release it later, when nothing that runs uses them any more.']
    : [proven]
}

/** Bounds the wait for locks: inside a transaction until its end, else until the last statement. */
function withLimits(statements: readonly PartStatement[], transactional: boolean): readonly PartStatement[] {
  if (statements.length === 0) return []
  const plain = (sql: string): PartStatement => ({ sql, comments: [] })
  if (transactional) return [plain(`set local lock_timeout = '${LOCK_TIMEOUT}'`), ...statements]
  return [
    plain(`set lock_timeout = '${CONCURRENT_LOCK_TIMEOUT}'`),
    plain('set statement_timeout = 0'),
    ...statements,
    plain('reset statement_timeout'),
    plain('reset lock_timeout'),
  ]
}

/** A failed concurrent build leaves an invalid index under its name. */
function clearInvalid(sql: string): readonly PartStatement[] {
  const index = builtIndex(sql)?.qualified
  if (index === undefined) return []
  return [
    {
      sql: inBlock(
        `begin
  if exists (select from pg_catalog.pg_index where indexrelid = to_regclass(${quoteLiteral(index)}) and not indisvalid) then
    set local lock_timeout = '${LOCK_TIMEOUT}';
    drop index ${index};
  end if;
end`,
        'clear',
      ),
      comments: ['Clears away what a failed build left behind.'],
    },
  ]
}

function guardOf({ precheck }: Step, because: readonly Finding[]): readonly PartStatement[] {
  return precheck
    ? [
        {
          sql: guard(precheck),
          comments: because.map(({ rule, address }) => `Checked first for ${rule} on ${address}.`),
        },
      ]
    : []
}

/** A statement that fails, naming the number of rows, while rows are in the next statement's way. */
function guard(precheck: string): string {
  return inBlock(
    `declare
  query constant text := ${quoteLiteral(precheck)};
  violations bigint;
begin
  execute query into violations;
  if violations > 0 then
    raise exception '% rows are in the way', violations using hint = 'Find them: ' || query;
  end if;
end`,
    'check',
  )
}

/** A DO block, in a dollar quote that the text does not contain. */
function inBlock(body: string, name: string): string {
  for (let number = 0; ; number++) {
    const tag = `$${name}${number || ''}$`
    if (!body.includes(tag.slice(0, -1))) return `do ${tag}\n${body}\n${tag}`
  }
}

function commentsOf(step: Step, because: readonly Finding[]): readonly string[] {
  const dependents = step.alters ? because.flatMap(({ fix }) => describeDependents(fix?.dependents ?? [])) : []
  return [
    ...because.map(({ rule, message }) => `${rule}: ${message}`),
    costOf(step),
    ...(step.note ? [step.note] : []),
    ...(dependents.length > 0 ? [`It changes what these see: ${dependents.join('; ')}`] : []),
  ]
}

/** The locks that the proof saw, or that are documented for what it could not watch, and the work, with its size where that is known. */
function costOf({ lock, rewrites, scans, observed, duration }: Step): string {
  const seen = Object.entries(observed?.locks ?? {}).map(([table, mode]) => `${mode} on ${table}`)
  const locks = seen.length > 0 ? seen.join(', ') : (lock ?? 'none on tables that existed')
  const isRewrite = rewrites || Boolean(observed?.rewrites.length)
  const sized = duration?.basis ? duration.tables.map((table) => describeSize(table, duration.basis)).join(', ') : ''
  const isInstant = duration?.class === 'instant' && duration.basis !== null && !scans && !isRewrite && seen.length > 0
  const size = sized === '' ? '' : `, by estimate ${sized}`
  return [
    `Lock: ${locks}${seen.length > 0 ? ` (${observed?.watched ? 'observed' : 'as documented'})` : ''}`,
    scans || observed?.scans.length ? `reads the whole table${isRewrite ? '' : size}` : '',
    isRewrite ? `writes the table anew${size}` : '',
    isInstant ? `instant once it has the lock, by estimate (${duration?.basis})` : '',
  ]
    .filter(Boolean)
    .join('; ')
}

function nameOf({ rule, address }: Finding): string {
  return `${rule} on ${address}`
}

/** What the steps are about: their table, else what kind of thing they make. */
function nameSteps(steps: readonly Step[], because: readonly Finding[]): string {
  const indexes = steps.flatMap(({ sql }) => builtIndex(sql) ?? droppedIndex(sql) ?? [])
  if (indexes.length === steps.length) return indexes.length === 1 ? slug(unquoted(indexes[0]?.name ?? '')) : 'indexes'
  if (steps.length > 1 && steps.every(isValidation)) return 'constraints'
  return slug(because[0]?.object.table ?? because[0]?.object.name ?? 'schema')
}

/** Lower-case letters, digits and underscores. */
function slug(text: string): string {
  const words = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return words.slice(0, 50).replace(/_+$/, '') || 'objects'
}

function takeName(name: string, taken: Set<string>): string {
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name}_${number}`
    if (taken.has(free)) continue
    taken.add(free)
    return free
  }
}
