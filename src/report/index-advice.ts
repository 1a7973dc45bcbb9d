import type { AdvisedIndex, IndexAdvice, ServedQuery } from '../evidence/advice/model.js'
import { groupBy } from '../evidence/catalog/group.js'
import { formatLocation } from '../errors.js'
import { quoteIdentifier } from '../quote.js'

/** Renderers of `advise indexes`. */
export const ADVICE_FORMATS = ['terminal', 'markdown', 'json'] as const

export type AdviceFormat = (typeof ADVICE_FORMATS)[number]

/** Queries that are named for one index; the rest are counted. */
const FIRST = 5

/** Writes the advice on a database, `source`, in a format. */
export function renderAdvice(format: AdviceFormat, advice: IndexAdvice, source: string): string {
  if (format === 'json') return `${JSON.stringify(asJson(advice, source), null, 2)}\n`
  return format === 'markdown' ? renderMarkdown(advice, source) : renderTerminal(advice, source)
}

const PLANNER = {
  clone: (major: number) => `an embedded PostgreSQL ${major} with the schema, its statistics and no rows`,
  hypopg: (major: number) => `the server itself (PostgreSQL ${major}) with hypothetical indexes (HypoPG)`,
} as const

/** Who planned; where two did, how many statements each. */
function describePlanners({ planners }: IndexAdvice): string {
  const all = planners.map(({ method, version, statements }) => {
    const who = PLANNER[method](Math.floor(version / 10_000))
    return planners.length > 1 ? `${who} (${statements.toLocaleString('en')} statements)` : who
  })
  return all.length === 0 ? 'nobody' : all.join(' and ')
}

function summarize(advice: IndexAdvice, source: string): readonly string[] {
  const { cost, indexes, statements, calls, milliseconds } = advice
  const bytes = indexes.reduce((sum, index) => sum + index.bytes, 0)
  const count = (number: number, what: string) => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`
  return [
    indexes.length === 0
      ? `${source}: no index would make ${count(statements, 'statement')} cheaper by what it costs.`
      : `${source}: ${indexes.length === 1 ? 'one index' : `${indexes.length} indexes`} of about ${size(bytes)} would bring the planned cost of ${count(statements, 'statement')} from ${number(cost.before)} to ${number(cost.after)} (${share(cost.after / cost.before)}).`,
    `Planned by ${describePlanners(advice)}: ${count(calls, 'question')} in ${(milliseconds / 1000).toFixed(1)} s.`,
    ...describeProof(advice),
  ]
}

/** What came of building the set, where that was asked for. */
function describeProof({ proof }: IndexAdvice): readonly string[] {
  if (!proof) return []
  const { version, rows, share: part, indexes, statements } = proof
  const timed = statements.filter(({ before, after }) => before !== null && after !== null)
  const sum = (of: (one: (typeof timed)[number]) => number | null) =>
    timed.reduce((all, one) => all + (of(one) ?? 0), 0)
  const whole = part < 1 ? ` (${share(part)} of the tables)` : ''
  const idle = indexes.filter(({ usedBy }) => usedBy.length === 0).length
  return [
    `Built on PostgreSQL ${Math.floor(version / 10_000)} with ${rows.toLocaleString('en')} generated rows${whole} in ${time(indexes.reduce((all, one) => all + one.milliseconds, 0))}: ${timed.length} statements took ${time(sum(({ before }) => before))} without the indexes and ${time(sum(({ after }) => after))} with them; ${idle === 0 ? 'its planner reads every one of them' : `its planner does not read ${idle} of them there`}.`,
  ]
}

/** What came of building one index. */
function describeProven(index: AdvisedIndex, { proof }: IndexAdvice): readonly string[] {
  const proven = proof?.indexes.find((one) => one.index === index)
  if (!proven) return []
  const { reason, milliseconds, bytes, usedBy } = proven
  if (reason !== null) return [`It could not be built: ${reason}.`]
  const by =
    usedBy.length === 0
      ? 'no plan there reads it'
      : `read there by ${usedBy.slice(0, FIRST).map(queryName).join(', ')}${usedBy.length > FIRST ? ` and ${usedBy.length - FIRST} more` : ''}`
  return [`Built in ${time(milliseconds)}, ${size(bytes)}; ${by}.`]
}

function time(milliseconds: number): string {
  return milliseconds >= 1000
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toPrecision(2)} ms`
}

/** What writes pay, where the workload has any. */
function describeUpkeep({ upkeep }: AdvisedIndex, { cost }: IndexAdvice): string {
  return upkeep === 0
    ? 'no write of the workload touches it'
    : `writes pay ${number(upkeep)} (${share(upkeep / cost.before)} of the cost before)`
}

function renderTerminal(advice: IndexAdvice, source: string): string {
  const lines = [...summarize(advice, source)]
  for (const [at, index] of advice.indexes.entries()) {
    lines.push('', `${at + 1}. ${statementOf(index)}`)
    lines.push(`   About ${size(index.bytes)}; ${describeUpkeep(index, advice)}.`)
    for (const line of describeProven(index, advice)) lines.push(`   ${line}`)
    for (const replaced of index.replaces)
      lines.push(`   Makes ${replaced.address} superfluous: drop it once this one is in use.`)
    for (const served of index.serves.slice(0, FIRST)) lines.push(`   ${describeServed(served)}`)
    if (index.serves.length > FIRST) lines.push(`   and ${index.serves.length - FIRST} more statements`)
  }
  if (advice.notSeen.length > 0) lines.push('', 'Not looked at:', ...listNotSeen(advice).map((line) => `  ${line}`))
  if (advice.indexes.length > 0)
    lines.push(
      '',
      'Migrations: pg-billing-audit fix --rule indexes/missing-index-for-workload, with the same workload.',
    )
  return `${lines.join('\n')}\n`
}

function renderMarkdown(advice: IndexAdvice, source: string): string {
  const lines = ['# Indexes for the workload', '', ...summarize(advice, source)]
  for (const [at, index] of advice.indexes.entries()) {
    lines.push('', `## ${at + 1}. ${index.table.address}`, '', '```sql', statementOf(index), '```', '')
    lines.push(`About ${size(index.bytes)}; ${describeUpkeep(index, advice)}.`, ...describeProven(index, advice))
    for (const replaced of index.replaces)
      lines.push('', `Makes \`${replaced.address}\` superfluous: drop it once this one is in use.`)
    lines.push('', '| statement | calls | cost before | after | plan node |', '| --- | ---: | ---: | ---: | --- |')
    for (const { query, calls, before, after, node } of index.serves)
      lines.push(
        `| ${escapeCell(queryName(query))} | ${number(calls)} | ${number(before)} | ${number(after)} | ${node} |`,
      )
  }
  if (advice.notSeen.length > 0)
    lines.push('', '## Not looked at', '', ...listNotSeen(advice).map((line) => `- ${line}`))
  return `${lines.join('\n')}\n`
}

function asJson({ indexes, proof, ...advice }: IndexAdvice, source: string) {
  return {
    source,
    ...advice,
    proof: proof
      ? {
          ...proof,
          indexes: proof.indexes.map(({ index, usedBy, ...one }) => ({
            ...one,
            at: indexes.indexOf(index),
            usedBy: usedBy.map(queryName),
          })),
          statements: proof.statements.map(({ query, ...one }) => ({ ...one, query: queryName(query) })),
        }
      : null,
    indexes: indexes.map(({ table, shape, definition, bytes, upkeep, serves, replaces }) => ({
      table: table.address,
      definition,
      method: shape.method ?? 'btree',
      keys: shape.keys.map(({ column, expression, opclass, descending }) => ({
        column: column?.name ?? null,
        expression: expression ?? null,
        opclass: opclass ?? null,
        descending: descending ?? false,
      })),
      include: (shape.include ?? []).map(({ name }) => name),
      where: shape.where ?? null,
      bytes,
      upkeep,
      replaces: replaces.map(({ address }) => address),
      serves: serves.map(({ query, ...served }) => ({
        query: query.normalized,
        name: query.name,
        location: query.location,
        ...served,
      })),
    })),
  }
}

/** One line a reason. */
function listNotSeen({ notSeen }: IndexAdvice): readonly string[] {
  return [...groupBy(notSeen, ({ reason }) => reason)].map(([reason, all]) => {
    const more = all.length > 1 ? ` and ${all.length - 1} more` : ''
    return `${all[0]!.what}${more}: ${reason}`
  })
}

/** As the planner was given it; a name is PostgreSQL's to choose. */
function statementOf({ table, definition }: AdvisedIndex): string {
  return `create index on ${quoteIdentifier(table.schema.name)}.${quoteIdentifier(table.name)} ${definition}`
}

function describeServed({ query, calls, before, after, node }: ServedQuery): string {
  return `${queryName(query)}: ${number(before)} → ${number(after)}${calls > 1 ? ` × ${number(calls)} calls` : ''}, ${node}`
}

function queryName({ name, location, normalized }: ServedQuery['query']): string {
  return name ?? (location ? formatLocation(location) : normalized.slice(0, 70))
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

function share(ratio: number): string {
  return Number.isFinite(ratio) ? `${(ratio * 100).toPrecision(2)} %` : '–'
}

/** In powers of 1000, as in the other reports. */
function size(bytes: number): string {
  return bytes >= 1e9
    ? `${(bytes / 1e9).toFixed(1)} GB`
    : bytes >= 1e6
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${Math.max(1, Math.round(bytes / 1000))} kB`
}

function escapeCell(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', String.raw`\|`)}\``
}
