import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rolesOf } from '../src/billing/roles/roles.js'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { chooseRules, DEFAULT_POLICY } from '../src/engine/policy.js'
import type { Rule } from '../src/engine/rule.js'
import type { EmbeddedServer } from '../src/source/embedded/server.js'
import { readLabelledSchema } from './answer-key.js'
import { readFixture, startScratch, withSchema } from './scratch.js'

const FOLDER = 'fixtures/schemas'
const names = readdirSync(FOLDER)
const labelled = names.filter((name) => readdirSync(`${FOLDER}/${name}`).includes('defects.md'))
const withoutBilling = names.filter((name) => !labelled.includes(name))

let server: EmbeddedServer
let rules: readonly Rule[]
beforeAll(async () => {
  server = await startScratch()
  rules = chooseRules(await loadRules(), undefined, DEFAULT_POLICY)
})
afterAll(() => server.close())

/** Roles and findings of one schema. */
async function review(schema: string, queries = '') {
  const fixture = readFixture(queries ? `${schema}\n-- workload\n${queries}` : schema)
  return withSchema(server, fixture.schema, (catalog) => {
    const { judged, outcomes } = judge(rules, fixture.evidence(catalog))
    const crashed = outcomes.filter(({ outcome }) => outcome === 'crashed').map(({ id, reason }) => `${id}: ${reason}`)
    const roles = new Map(rolesOf(catalog).all.map(({ table, role }) => [table.address, role as string]))
    const found = judged.flatMap(({ finding: { rule, address, object, related } }) => [
      `${rule} ${address}`,
      ...(object.kind === 'table' || object.kind === 'constraint' ? related.map((other) => `${rule} ${other}`) : []),
    ])
    return { roles, found: new Set(found), crashed }
  })
}

describe.each(labelled)('the schema %s', (name) => {
  it('is understood as its answer key says', async () => {
    const { schema, queries, key } = readLabelledSchema(`${FOLDER}/${name}`)
    const { roles, found, crashed } = await review(schema, queries)
    expect(crashed).toEqual([])
    expect(Object.fromEntries(roles)).toEqual(
      Object.fromEntries([...(key.roles ?? [])].filter(([, role]) => role !== 'none')),
    )
    expect(key.defects.filter((defect) => !found.has(defect))).toEqual([])
    expect(key.lookAlikes.filter((lookAlike) => found.has(lookAlike))).toEqual([])
    expect(key.lookAlikes.length).toBeGreaterThan(5)
  })
})

describe.each(labelled)('the schema %s with every table renamed', (name) => {
  it('is still mostly understood, and never wrongly', async () => {
    const { schema, key } = readLabelledSchema(`${FOLDER}/${name}`)
    const tables = [...(key.roles ?? [])].map(([address, role], at) => ({ address, role, renamed: `thing_${at}` }))
    const renames = tables.map(({ address, renamed }) => `alter table ${quote(address)} rename to ${renamed};`)
    const roles = await withSchema(server, `${schema}\n${renames.join('\n')}`, (catalog) => rolesOf(catalog).all)
    const expected = new Map(tables.map(({ renamed, role }) => [renamed, role]))
    const wrong = roles.filter(({ table, role }) => expected.get(table.name) !== role)
    expect(wrong.map(({ table, role }) => `${role} ${table.name}`)).toEqual([])
    expect(roles.length / tables.filter(({ role }) => role !== 'none').length).toBeGreaterThan(0.7)
  })
})

describe.each(withoutBilling)('the schema %s, which has no billing', (name) => {
  it('has no roles, and hears nothing of billing', async () => {
    const { roles, found, crashed } = await review(readFileSync(`${FOLDER}/${name}/schema.sql`, 'utf8'))
    expect(crashed).toEqual([])
    expect([...roles]).toEqual([])
    const billing = new Set(
      rules.filter(({ id }) => /\b(?:rolesOf|ownRolesOf)\b/.test(sourceOf(id))).map(({ id }) => id),
    )
    expect([...found].filter((one) => billing.has(one.split(' ')[0] ?? ''))).toEqual([])
  })
})

function quote(address: string): string {
  return address
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
}

function sourceOf(id: string): string {
  return readFileSync(`rules/${id}.ts`, 'utf8')
}
