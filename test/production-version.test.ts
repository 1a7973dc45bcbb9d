import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { audit } from '../src/audit/audit.js'
import { describeServer } from '../src/report/wording.js'

it('gives advice and SQL for the version in production, where that is older', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-version-'))
  const file = join(folder, 'schema.sql')
  writeFileSync(
    file,
    'create table price (id bigint primary key, plan text not null, region text, amount numeric(12, 2) not null, unique (plan, region));',
  )
  const review = async (productionVersion: number | undefined) => {
    const rules = ['keys/nullable-unique-column']
    const { findings, target } = await audit({
      source: { kind: 'files', paths: [file] },
      rules,
      productionVersion,
      startedAt: new Date(0),
    })
    const [finding] = findings
    return {
      distinct: /nulls not distinct/i.test(JSON.stringify([finding?.advice, finding?.fix?.up])),
      proven: finding?.fix?.status,
      server: describeServer(target).replace(/18\.\d+/, '18.x'),
    }
  }
  try {
    expect(await review(undefined)).toMatchObject({ distinct: true, server: 'PostgreSQL 18.x' })
    expect(await review(14)).toMatchObject({ distinct: false, server: 'PostgreSQL 18.x, judged for 14' })
    expect(await review(19)).toMatchObject({ distinct: true, server: 'PostgreSQL 18.x' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
