import { readdirSync, readFileSync } from 'node:fs'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { judge } from '../src/engine/judge.js'
import type { Rule } from '../src/engine/rule.js'
import { linkMigrations } from '../src/evidence/migrations/link.js'
import type { Migrations } from '../src/evidence/migrations/model.js'
import { emptyCatalog } from '../src/evidence/migrations/static/catalog.js'
import { followStatically } from '../src/evidence/migrations/static/read.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { gatherRemarks } from '../src/source/files/remarks.js'
import { partsOf } from '../src/source/files/runners.js'
import { catalogEvidence, type Fixture, layOut, readFixture, withFixture } from './scratch.js'

const FOLDER = 'fixtures/migrations'

/** A schema and migrations of which each statement is labelled with the rules that should speak of it. */
export interface LabelledMigrations {
  readonly name: string
  readonly fixture: Fixture
  /** `RULE FILE:LINE`. */
  readonly expected: readonly string[]
  /** How many migrations have a label, and how many have none. */
  readonly hazards: number
  readonly safe: number
}

/** Every file of `fixtures/migrations`. */
export function readLabelledMigrations(): readonly LabelledMigrations[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => {
      const fixture = readFixture(readFileSync(`${FOLDER}/${file}`, 'utf8'))
      const labels = fixture.migrations.map(({ name, text }) => labelsIn(name, text))
      const hazards = labels.filter((list) => list.length > 0).length
      return { name: file, fixture, expected: labels.flat(), hazards, safe: labels.length - hazards }
    })
}

function labelsIn(file: string, text: string): readonly string[] {
  let waiting: string[] = []
  return text.split('\n').flatMap((line, at) => {
    const rule = /--\s*expect:\s*(\S+)/.exec(line)?.[1]
    if (rule) waiting.push(rule)
    if (waiting.length === 0 || rule || /^\s*(?:--|\/\/|$)/.test(line)) return []
    const labels = waiting.map((one) => `${one} ${file}:${at + 1}`)
    waiting = []
    return labels
  })
}

/** What the rules say of the migrations when they are applied to a server, in the form of labels. */
export async function judgeObserved(server: EmbeddedServer, rules: readonly Rule[], { fixture }: LabelledMigrations) {
  return withFixture(server, fixture, (catalog, _, evidence) => {
    const { migrations } = evidence(catalog)
    const failed = [...(migrations?.statements() ?? [])].filter((statement) => statement.failed)
    return { found: say(rules, migrations, catalog), failed: failed.map(({ sql }) => sql) }
  })
}

/** What the rules say of the migrations when they are only read. */
export function judgeRead(rules: readonly Rule[], { fixture }: LabelledMigrations): readonly string[] {
  const file = (name: string, layout: string, text: string) => ({
    name,
    path: name,
    text,
    layout,
    parts: partsOf(layout, { text, name, beside: () => null }),
  })
  const schema = file('schema.sql', 'plain', fixture.schema)
  const fresh = layOut(fixture.migrations)
  const context = { variables: new Map<string, string>(), findFile: () => null, remarks: gatherRemarks() }
  const { migrations, before } = followStatically([schema, ...fresh], new Set(fresh), context, false)
  const linked = linkMigrations(migrations[0] ?? [], {
    before: linkCatalog(emptyCatalog(180000, before)),
    statisticsOf: () => undefined,
    basis: 'inferred',
  })
  return say(rules, linked)
}

function say(
  rules: readonly Rule[],
  migrations: Migrations | null,
  catalog = linkCatalog(emptyCatalog(180000, [])),
): readonly string[] {
  const about = rules.filter(({ category }) => category === 'migrations')
  return judge(about, { ...catalogEvidence(catalog), migrations }).judged.map(
    ({ finding: { rule, location } }) => `${rule.replace('migrations/', '')} ${location?.file}:${location?.line}`,
  )
}
