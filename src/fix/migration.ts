import type { Finding } from '../engine/result.js'
import { planSteps, type PlannedStep } from './plan.js'
import { quoteLiteral } from '../quote.js'
import type { Step } from './step.js'

/** Which findings' fixes to take; empty lists take all. */
export interface MigrationChoice {
  readonly rules?: readonly string[]
  /** Addresses of objects, or of the tables that they belong to. */
  readonly objects?: readonly string[]
}

/** An up and a down migration of what is proven, and what stays out of it. */
export interface Migration {
  /** SQL; empty when there is nothing to fix. */
  readonly up: string
  readonly down: string
  /** Findings whose fixes the migration holds. */
  readonly fixes: readonly Finding[]
  /** Findings whose fix waits for an answer. */
  readonly decisions: readonly Finding[]
  /** Findings whose fix could not be proven. */
  readonly refused: readonly Finding[]
}

/** Plans one migration for many findings. Each statement is a transaction of its own, so that no lock is held longer than one statement. */
export function planMigration(findings: readonly Finding[], choice: MigrationChoice = {}): Migration {
  const chosen = findings.filter((finding) => finding.fix && isChosen(finding, choice))
  const having = (status: string) => chosen.filter(({ fix }) => fix?.status === status)
  const fixes = having('proven')
  const planned = planSteps(
    fixes.map(({ fingerprint, fix }) => ({ id: fingerprint, table: null, steps: fix?.steps ?? [] })),
  )
  return {
    up: planned.length === 0 ? '' : renderUp(planned, fixes),
    down: planned.length === 0 ? '' : renderDown(planned, fixes),
    fixes,
    decisions: having('decision'),
    refused: having('advice'),
  }
}

function isChosen({ rule, address, object }: Finding, { rules = [], objects = [] }: MigrationChoice): boolean {
  const table = `${object.schema}.${object.table}`
  return (
    (rules.length === 0 || rules.includes(rule)) &&
    (objects.length === 0 || objects.includes(address) || objects.includes(table))
  )
}

const BEGINNING = `set lock_timeout = '2s';`
const ENDING = 'reset lock_timeout;'

function renderUp(planned: readonly PlannedStep[], fixes: readonly Finding[]): string {
  const header = [
    'Proven: every statement was applied on a scratch database, the findings were gone, nothing new was found, and the',
    'down migration gave back the catalog that was there.',
    'Run it statement by statement, not in one transaction: psql -v ON_ERROR_STOP=1 -f FILE, or the no-transaction mode of',
    'your migration tool. A statement that waits longer than lock_timeout for its lock fails without harm: run it again.',
  ]
  const parts = planned.flatMap(({ step, owners }, at) => [
    ...(planned[at - 1]?.step.phase === step.phase ? [] : [comment(`Phase: ${step.phase}`)]),
    [
      ...owners.flatMap((id) => fixes.filter(({ fingerprint }) => fingerprint === id).map(because)),
      comment(costOf(step)),
      ...(step.precheck ? [guard(step.precheck)] : []),
      `${step.sql};`,
    ].join('\n'),
  ])
  return `${[header.map(comment).join('\n'), BEGINNING, ...parts, ENDING].join('\n\n')}\n`
}

function renderDown(planned: readonly PlannedStep[], fixes: readonly Finding[]): string {
  const parts = planned.toReversed().flatMap(({ step, owners }) => {
    if (step.undo === null) return []
    const names = fixes.filter(({ fingerprint }) => owners.includes(fingerprint))
    return [`${names.map(({ rule, address }) => comment(`${rule} · ${address}`)).join('\n')}\n${step.undo};`]
  })
  return `${[comment('Takes back the up migration, last statement first.'), BEGINNING, ...parts, ENDING].join('\n\n')}\n`
}

function because({ rule, message }: Finding): string {
  return comment(`${rule}: ${message}`)
}

function costOf({ lock, rewrites, scans, transactional }: Step): string {
  return [
    lock ? `Lock: ${lock}` : 'No lock on existing tables',
    scans ? 'reads the whole table' : '',
    rewrites ? 'writes the table anew' : '',
    transactional ? '' : 'cannot run inside a transaction',
  ]
    .filter(Boolean)
    .join('; ')
}

/** A statement that fails, naming the number of rows, while rows are in the next statement's way. */
function guard(precheck: string): string {
  const body = `
declare
  violations bigint;
begin
  execute ${quoteLiteral(precheck)} into violations;
  if violations > 0 then
    raise exception '% rows are in the way', violations using hint = ${quoteLiteral(`Find them: ${precheck}`)};
  end if;
end `
  const tag = freeTag(body)
  return `do ${tag}${body}${tag};`
}

/** A dollar quote that the text does not contain. */
function freeTag(text: string): string {
  for (let number = 0; ; number++) {
    const tag = number === 0 ? '$check$' : `$check${number}$`
    if (!text.includes(tag)) return tag
  }
}

/** One comment line, whatever the text holds. */
function comment(text: string): string {
  // eslint-disable-next-line no-control-regex
  return `-- ${text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')}`
}
