import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, it } from 'vitest'
import { rolesOf } from '../src/billing/roles/roles.js'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { chooseRules, DEFAULT_POLICY } from '../src/engine/policy.js'
import type { Rule } from '../src/engine/rule.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { loadParser } from '../src/kit.js'
import type { Evidence } from '../src/evidence/model.js'
import { readServerLogs } from '../src/evidence/workload/log/read.js'
import { type EmbeddedServer } from '../src/source/embedded/server.js'
import { type LabelledSchema, readLabelledSchema } from '../test/answer-key.js'
import { judgeObserved, judgeRead, readLabelledMigrations } from '../test/labelled-migrations.js'
import { catalogEvidence, readFixture, startScratch, withFixture, withSchema } from '../test/scratch.js'
import { type Scenario, SCENARIOS, TRACE_FORMS, TRACE_SCHEMA, type TraceForm, writeTrace } from './trace.js'

/** What was said beside what is so. */
interface Score {
  readonly right: readonly string[]
  readonly wrong: readonly string[]
  readonly missed: readonly string[]
}

const SCHEMAS = 'fixtures/schemas'
/** How often each scenario of the trace runs. */
const ROUNDS = 12
const SEED = 1

let server: EmbeddedServer
let rules: readonly Rule[]
beforeAll(async () => {
  await loadParser()
  server = await startScratch()
  rules = await loadRules()
})
afterAll(() => server.close())

it('finds what the labelled cases of rules say, and nothing else', async () => {
  const scores = new Map<string, Score>()
  for (const rule of rules) {
    const parts: Score[] = []
    for (const name of ['bad.sql', 'good.sql']) {
      const file = `fixtures/rules/${rule.id}/${name}`
      const sql = readFileSync(file, 'utf8')
      const expected = [...sql.matchAll(/^\s*-- expect: (.+)$/gm)].map((match) => match[1]?.trim() ?? '')
      const { judged } = await evidenceOf(sql, (evidence) => judge([rule], evidence))
      parts.push(
        compare(
          judged.map(({ finding }) => finding.address),
          expected,
          name,
        ),
      )
    }
    scores.set(rule.id, sum(parts))
  }
  print('rule', scores)
})

it('says of whole schemas what an architect does', async () => {
  const chosen = chooseRules(rules, undefined, DEFAULT_POLICY)
  const schemas = ['fixtures/valueverse', ...readdirSync(SCHEMAS).map((name) => `${SCHEMAS}/${name}`)]
    .filter((folder) => readdirSync(folder).includes('defects.md'))
    .map((folder) => readLabelledSchema(folder))
  const [named, unnamed, found] = [new Map<string, Score>(), new Map<string, Score>(), new Map<string, Score>()]
  for (const schema of schemas) {
    const { key, name } = schema
    const roles = [...(key.roles ?? [])].map(([table, role]) => ({ table, role }))
    const expected = roles.filter(({ role }) => role !== 'none').map(({ table, role }) => `${role} ${table}`)
    const renamed = roles.map(({ table }, at) => `alter table ${quote(table)} rename to thing_${at};`).join('\n')
    const nameless = expected.map((one) => {
      const [role = '', table = ''] = [one.slice(0, one.lastIndexOf(' ')), one.slice(one.lastIndexOf(' ') + 1)]
      return `${role} ${table.split('.')[0]}.thing_${roles.findIndex((other) => other.table === table)}`
    })
    if (key.roles) {
      named.set(name, compare(await rolesIn(schema.schema), expected))
      unnamed.set(name, compare(await rolesIn(`${schema.schema}\n${renamed}`), nameless))
    }
    const findings = await findingsIn(schema, chosen)
    found.set(name, {
      right: key.defects.filter((defect) => findings.some((names) => names.includes(defect))),
      wrong: findings.filter((names) => !names.some((one) => key.defects.includes(one))).map(([first = '']) => first),
      missed: key.defects.filter((defect) => !findings.some((names) => names.includes(defect))),
    })
  }
  print('roles by names and shapes', named)
  print('roles by shapes alone, every table renamed', unnamed)
  print('findings; one without a label counts as wrong', found)
  const later = schemas.map(({ name, key }) => `${name} ${key.later.length}`)
  console.log(`labelled defects that no rule is about yet: ${later.join(', ')}`)
})

it('says nothing of billing where there is none', async () => {
  const folders = readdirSync(SCHEMAS).filter((name) => !readdirSync(`${SCHEMAS}/${name}`).includes('defects.md'))
  const scores = new Map<string, Score>()
  for (const name of folders)
    scores.set(name, compare(await rolesIn(readFileSync(`${SCHEMAS}/${name}/schema.sql`, 'utf8')), []))
  print('roles where there is no billing', scores)
})

it('tells hazardous migrations from safe ones', async () => {
  const [observed, read] = [new Map<string, Score>(), new Map<string, Score>()]
  const labelled = readLabelledMigrations()
  const count = (of: (one: (typeof labelled)[number]) => number) => labelled.reduce((total, one) => total + of(one), 0)
  const add = (scores: Map<string, Score>, found: readonly string[], expected: readonly string[]) => {
    for (const rule of new Set([...found, ...expected].map((label) => label.split(' ')[0]!))) {
      const ofRule = (labels: readonly string[]) => labels.filter((label) => label.startsWith(`${rule} `))
      const score = compare(ofRule(found), ofRule(expected))
      scores.set(rule, sum([...(scores.has(rule) ? [scores.get(rule)!] : []), score]))
    }
  }
  for (const one of labelled) {
    add(observed, (await judgeObserved(server, rules, one)).found, one.expected)
    add(read, judgeRead(rules, one), one.expected)
  }
  console.log(`\n${count(({ hazards }) => hazards)} hazardous and ${count(({ safe }) => safe)} safe migrations`)
  print('migrations, observed on a server', observed)
  print('migrations, read with --static', read)
})

it('tells loops in the trace of an application from what looks like them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-trace-'))
  const rule = rules.filter(({ id }) => id === 'queries/repeated-lookup')
  try {
    await withSchema(server, TRACE_SCHEMA, async (catalog) => {
      const find = async (form: TraceForm, scenarios: readonly Scenario[]) => {
        const path = join(folder, 'trace.log')
        writeFileSync(path, writeTrace(form, scenarios, ROUNDS, SEED))
        const { workload } = await readServerLogs([path])
        const { judged } = judge(rule, { ...catalogEvidence(catalog), workload })
        const columns = judged.map(({ finding: { address } }) => address)
        return compare(columns, [...new Set(scenarios.flatMap(({ loops }) => loops))])
      }
      for (const form of TRACE_FORMS) {
        const scores = new Map<string, Score>()
        for (const scenario of SCENARIOS) scores.set(scenario.name, await find(form, [scenario]))
        scores.set('all of them at the same time', await find(form, SCENARIOS))
        print(`N+1 in a trace: ${form.name}`, scores)
      }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

async function evidenceOf<T>(sql: string, use: (evidence: Evidence) => T): Promise<T> {
  return withFixture(server, readFixture(sql), (catalog, _, evidence) => use(evidence(catalog)))
}

async function rolesIn(sql: string): Promise<readonly string[]> {
  return withSchema(server, sql, (catalog: Catalog) =>
    rolesOf(catalog).all.map(({ table, role }) => `${role} ${table.address}`),
  )
}

/** Each finding by the names under which a key may have it: of its object, or of the parts that it gathers. */
async function findingsIn(
  { schema, queries }: LabelledSchema,
  chosen: readonly Rule[],
): Promise<readonly (readonly string[])[]> {
  const sql = queries ? `${schema}\n-- workload\n${queries}` : schema
  const { judged } = await evidenceOf(sql, (evidence) => judge(chosen, evidence))
  return judged.map(({ finding: { rule, address, object, related } }) => [
    `${rule} ${address}`,
    ...(object.kind === 'table' || object.kind === 'constraint' ? related.map((other) => `${rule} ${other}`) : []),
  ])
}

function compare(found: readonly string[], expected: readonly string[], where = ''): Score {
  const at = (one: string) => (where ? `${one} (${where})` : one)
  return {
    right: expected.filter((one) => found.includes(one)),
    wrong: found.filter((one) => !expected.includes(one)).map(at),
    missed: expected.filter((one) => !found.includes(one)).map(at),
  }
}

function sum(scores: readonly Score[]): Score {
  return {
    right: scores.flatMap(({ right }) => right),
    wrong: scores.flatMap(({ wrong }) => wrong),
    missed: scores.flatMap(({ missed }) => missed),
  }
}

function print(title: string, scores: ReadonlyMap<string, Score>): void {
  const share = (part: number, whole: number) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`)
  const line = (name: string, { right, wrong, missed }: Score) => {
    const cells = [right.length, wrong.length, missed.length].map((count) => String(count).padStart(7))
    const recall = share(right.length, right.length + missed.length)
    const precision = share(right.length, right.length + wrong.length)
    return `${name.padEnd(48)}${cells.join('')}${recall.padStart(10)}${precision.padStart(11)}`
  }
  const lines = [...scores].flatMap(([name, score]) => [
    line(name, score),
    ...score.missed.map((one) => `    missed ${one}`),
    ...score.wrong.map((one) => `    wrong  ${one}`),
  ])
  console.log(
    [
      '',
      `${title.padEnd(48)}  right  wrong missed    recall  precision`,
      ...lines,
      line('all', sum([...scores.values()])),
    ].join('\n'),
  )
}

function quote(address: string): string {
  return address
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
}
