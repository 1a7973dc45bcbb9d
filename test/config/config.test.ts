import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import prettier from 'prettier'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkRules } from '../../src/config/check.js'
import { findConfig } from '../../src/config/find.js'
import { loadConfig } from '../../src/config/load.js'
import { loadOwnRules } from '../../src/config/own-rules.js'
import { renderConfigSchema } from '../../src/config/schema.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-config-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kit = () => import('../../src/kit.js')
const write = (name: string, text: string) => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
const load = (name: string, text: string) => loadConfig(write(name, text), kit)
const fail = (name: string, text: string) =>
  load(name, text).then(
    () => 'loaded',
    (error: Error) => error.message.replaceAll(`${folder}/`, ''),
  )

// `npx vitest run test/config -u` writes it anew.
it('has a published schema, which is not stale', async () => {
  const generated = await prettier.format(renderConfigSchema(), { parser: 'json', printWidth: 120 })
  await expect(generated).toMatchFileSnapshot('../../schema/config.json')
  const validate = new Ajv({ strict: false }).compile(JSON.parse(generated) as object)
  expect(validate({ rules: { 'a/b': { severity: 'error', options: { most: [1, { a: null }] } } } })).toBe(true)
  expect(validate({ rule: {} })).toBe(false)
})

describe('a configuration', () => {
  const expected = { presets: ['billing'], rules: { 'keys/*': 'off' } }

  it('is read in every form', async () => {
    const forms: readonly (readonly [string, string])[] = [
      ['a.json', '{"presets":["billing"],"rules":{"keys/*":"off"}}'],
      ['b.jsonc', '{\n  // why // not\n  "presets": ["billing"], /* "x" */\n\t"rules": { "keys/*": "off", },\n}'],
      ['c.yaml', 'presets: [billing]\nrules:\n  keys/*: off\n'],
      ['d.mjs', "export default { presets: ['billing'], rules: { 'keys/*': 'off' } }"],
      [
        'e.ts',
        "import { type Config, defineConfig } from 'pg-billing-audit/kit'\nconst presets: Config['presets'] = ['billing']\nexport default defineConfig({ presets, rules: { 'keys/*': 'off' } })",
      ],
      ['f/package.json', '{"name":"x","pgBillingAudit":{"presets":["billing"],"rules":{"keys/*":"off"}}}'],
    ]
    for (const [name, text] of forms) expect((await load(name, text)).config, name).toEqual(expected)
    expect((await load('empty.yaml', '')).config).toEqual({})
  })

  it('is found upward, not beyond the repository', () => {
    write('repository/.git/HEAD', '')
    write('repository/a/b/c.sql', '')
    const below = join(folder, 'repository/a/b')
    expect(findConfig(below)).toBeUndefined()
    const manifest = write('repository/package.json', '{"pgBillingAudit":{}}')
    expect(findConfig(below)).toBe(manifest)
    const file = write('repository/a/pg-billing-audit.config.yaml', '')
    expect(findConfig(below)).toBe(file)
  })

  it('says what is wrong, on which line, and what was meant', async () => {
    expect(await fail('g.json', '{\n  "rules": {},\n  "fialOn": "error"\n}')).toBe(
      'g.json:3:3: There is no key «fialOn». Did you mean «failOn»?',
    )
    expect(await fail('h.yaml', 'rules:\n  keys/a: on\n  keys/b: warnign\n')).toBe(
      'h.yaml:3:3: rules.keys/b is «warnign», and must be one of off, on, error, warning, info. Did you mean «warning»?',
    )
    expect(await fail('i.json', '{"overrides":[\n{"tables":["x"],"rules":{}},\n{"table":["x"],"rules":{}}]}')).toBe(
      'i.json:3:2: There is no key «table» in overrides.1. Did you mean «tables»?',
    )
    expect(await fail('j.ts', "export default {\n  presets: ['recomended'],\n}")).toBe(
      'j.ts:2:3: presets.0 is «recomended», and must be one of recommended, billing, strict, migrations, style, hygiene. Did you mean «recommended»?',
    )
    expect(await fail('k.json', '{"rules": {"a/b": {"severty": "off"}}}')).toContain(
      'k.json:1:20: There is no key «severty» in rules.a/b. Did you mean «severity»?',
    )
    expect(await fail('l.json', '{"source":{"database":"postgres://me:secret@host/db"}}')).not.toContain('secret')
    expect(await fail('u.json', '{"fix":{"proofDatabase":"postgres://me:secret@host/db"}}')).not.toContain('secret')
    expect(await fail('v.json', '{"fix":{"maxLock":"share-update"}}')).toMatch(
      /^v\.json:1:9: fix\.maxLock is «share-update», and must be one of access-share, .*access-exclusive\./,
    )
    expect(await fail('m.json', '[]')).toBe('m.json:1:1: The configuration must be an object.')
    expect(await fail('n/package.json', '{\n"pgBillingAudit": {\n"strict": "yes" }}')).toBe(
      'n/package.json:3:1: strict must be a boolean.',
    )
    expect(await fail('o.json', '{"maxFindings": -1, "formats": "json"}')).toContain(
      'o.json:1:21: formats must be a list.',
    )
  })

  it('says where its syntax ends', async () => {
    expect(await fail('p.json', '{\n  "rules": {\n')).toMatch(/^p\.json:\d:\d+: /)
    expect(await fail('q.yaml', 'a: b: c')).toMatch(/^q\.yaml:1:\d+: /)
    expect(await fail('r.ts', 'export default {{')).toMatch(/r\.ts cannot be run: /)
    expect(await fail('s.mjs', 'export const x = 1')).toMatch(/s\.mjs has no default export\./)
    await expect(loadConfig(join(folder, 'nope.json'), kit)).rejects.toThrow('nope.json cannot be read')
  })

  it('names rules that there are', async () => {
    const { config, locate } = await load(
      't.yaml',
      'rules:\n  keys/*: off\n  kyes/missing: off\nsuppressions:\n- rules: [x/*]\n  objects: [a]\n',
    )
    expect(() => checkRules(config, ['keys/missing'], locate)).toThrow(
      /t\.yaml:3:3: There is no rule «kyes\/missing»\. Did you mean «keys\/missing»\?\n.*t\.yaml:5:11: There is no rule «x\/\*»/,
    )
    expect(() => checkRules(config, ['keys/missing', 'kyes/missing', 'x/y'], locate)).not.toThrow()
  })
})

describe('own rules', () => {
  const RULE = `import { rule } from 'pg-billing-audit/kit'
export default rule({
  severity: 'info',
  docs: { summary: 's', why: 'w', bad: '', good: '', references: [] },
  needs: ['catalog'],
  *detect({ catalog, options }) {
    for (const table of catalog.tables) if (table.name.length > Number(options['most'])) yield { on: table, facts: {} }
  },
  message: ({ on }): string => \`\${on} has a long name.\`,
})`

  it('are written against the kit, and named by their path', async () => {
    write('own/house/long-name.ts', RULE)
    const [rule] = await loadOwnRules(join(folder, 'own'), [], kit)
    expect(rule).toMatchObject({ id: 'house/long-name', category: 'house', severity: 'info' })
    await expect(loadOwnRules(join(folder, 'own'), ['house/long-name'], kit)).rejects.toThrow('id of a built-in rule')
  })

  it('must be rules', async () => {
    write('bad/house/x.ts', 'export default {}')
    await expect(loadOwnRules(join(folder, 'bad'), [], kit)).rejects.toThrow('house/x is no rule')
    write('broken/house/x.ts', "import 'nowhere'")
    await expect(loadOwnRules(join(folder, 'broken'), [], kit)).rejects.toThrow('cannot be run')
    await expect(loadOwnRules(join(folder, 'none'), [], kit)).rejects.toThrow('no such folder')
  })
})
