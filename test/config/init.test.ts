import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DRAFT_FORMS, renderDraft } from '../../src/config/draft.js'
import { type FolderFacts, inspectFolder } from '../../src/config/inspect.js'
import { loadConfig } from '../../src/config/load.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-init-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const make = (name: string, files: Readonly<Record<string, string>>) => {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, name, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return join(folder, name)
}

describe('what is in a folder', () => {
  it('is its migrations, their tool, queries, variables and CI', () => {
    const project = make('flyway', {
      'db/migrations/V1__start.sql': 'create table plan (id bigint);',
      'db/migrations/V2__more.sql': 'create table price (id bigint);',
      'db/migrations/queries.sql': 'select 1;',
      '.github/workflows/test.yml': '',
      '.pre-commit-config.yaml': '',
      '.env.example': 'PORT=1\nBILLING_DATABASE_URL=postgres://\n',
      '.env': 'SECRET_DATABASE_URL=postgres://me:secret@host/db\n',
    })
    expect(inspectFolder(project)).toMatchObject({
      targets: ['db/migrations'],
      layout: { name: 'flyway' },
      workload: ['db/migrations/queries.sql'],
      variable: 'BILLING_DATABASE_URL',
      runners: ['github', 'pre-commit'],
      typescript: false,
    })
  })

  it('may be little', () => {
    const empty = make('empty', { 'readme.txt': '', 'tsconfig.json': '{}' })
    expect(inspectFolder(empty)).toMatchObject({ targets: [], layout: null, workload: [], variable: null, runners: [] })
    const loose = make('loose', { 'a.sql': 'select 1;', 'more/b.sql': 'select 1;' })
    expect(inspectFolder(loose).targets).toEqual(['a.sql', 'more'])
  })
})

describe.each(DRAFT_FORMS)('a draft as %s', (form) => {
  const full: FolderFacts = {
    targets: ["db/it's"],
    layout: { name: 'flyway', evidence: 'V1__start.sql' },
    workload: ['db/queries.sql'],
    variable: 'BILLING_DATABASE_URL',
    runners: ['github', 'gitlab', 'pre-commit'],
    typescript: true,
  }
  const none: FolderFacts = { targets: [], layout: null, workload: [], variable: null, runners: [], typescript: false }

  it.each([full, none])('is a configuration that holds', async (facts) => {
    const path = join(folder, `draft-${facts.targets.length}.${form}`)
    writeFileSync(path, renderDraft(facts, form))
    const { config } = await loadConfig(path, () => import('../../src/kit.js'))
    expect(config).toMatchObject({ presets: ['recommended'], failOn: 'error', requireReason: true })
    expect(config.source?.targets ?? []).toEqual(facts.targets)
  })
})
